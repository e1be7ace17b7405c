package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
)

// explained makes {"error": reason} of the plain text in which the standard library's handlers refuse: a path that
// is not there, a method that is not allowed, a range that is none.
func explained(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &explainer{ResponseWriter: w}
		h.ServeHTTP(x, r)
		if x.status == 0 {
			return
		}
		reason := strings.TrimSpace(x.text.String())
		if reason == "" {
			reason = http.StatusText(x.status)
		}
		fail(w, x.status, reason)
	})
}

// explainer holds back an answer that refuses without JSON.
type explainer struct {
	http.ResponseWriter
	status int // of such an answer, else 0
	text   bytes.Buffer
}

func (x *explainer) WriteHeader(status int) {
	if status >= 400 && x.Header().Get("Content-Type") != "application/json" {
		x.status = status
		return
	}
	x.ResponseWriter.WriteHeader(status)
}

func (x *explainer) Write(p []byte) (int, error) {
	if x.status != 0 {
		return x.text.Write(p)
	}
	return x.ResponseWriter.Write(p)
}

// explaining does the same for what net/http refuses before any handler sees it: requests that are not HTTP, or whose
// header is too long. It writes such an answer to the connection at once, as plain text, which no handler of ours
// does, and then closes it.
type explaining struct{ net.Listener }

func (l explaining) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return explainedConn{tcp}, err
	}
	return c, err
}

type explainedConn struct{ *net.TCPConn }

func (c explainedConn) Write(p []byte) (int, error) {
	head, reason, ok := bytes.Cut(p, []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"))
	if !ok || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) || bytes.Contains(head, []byte("\n")) {
		return c.TCPConn.Write(p)
	}
	text, err := json.Marshal(map[string]string{"error": string(reason)})
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(c.TCPConn, "%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s\n", head, len(text)+1, text)
	if err != nil {
		return 0, err
	}
	return len(p), nil
}
