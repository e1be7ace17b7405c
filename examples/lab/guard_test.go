package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestThisMachineHasManyNames(t *testing.T) {
	h := readySite(t)
	for host, want := range map[string]string{
		"localhost": "localhost", "localhost:1234": "localhost:1234", "LOCALHOST:8080": "localhost:8080", "LocalHost": "localhost",
		"localhost.": "localhost", "localhost.:8080": "localhost:8080", "127.0.0.1": "127.0.0.1", "127.0.0.1.:80": "127.0.0.1:80", "127.8.8.8:80": "127.8.8.8:80",
		"[::1]": "[::1]", "[::1]:80": "[::1]:80", "::1": "[::1]", "[0:0:0:0:0:0:0:1]:8080": "[::1]:8080", "[0000::0001]": "[::1]",
		"[::ffff:127.0.0.1]:8080": "127.0.0.1:8080", "[::FFFF:7f00:1]": "127.0.0.1",
	} {
		got, ok := ownHost(host)
		require.True(t, ok, host)
		require.Equal(t, want, got)
		response, text := ask(t, h, "POST", "/api/plan", `{"plan": "`+named("1 2 3 4 5 6")+`"}`, func(r *http.Request) { r.Host = host })
		require.Equal(t, http.StatusOK, response.StatusCode, "%s: %s", host, text)
	}
}

func TestOtherHostsAreRefused(t *testing.T) {
	h := readySite(t)
	for _, host := range []string{
		"", ":8080", ".", ".:80", "evil.example", "evil.example:8080", "localhost:8080.evil.com", "localhost.evil.com", "localhost.evil.com:8080", "127.0.0.1.evil.com",
		"127.0.0.1:8080.evil.com", "evil.localhost", "xlocalhost", "localhost..", "localhost@evil.com", "localhost:80@evil.com", "127.0.0.1:80@evil.com:80", "user@localhost:8080",
		"localhost:8080:8080", "localhost:", "localhost:-1", "localhost:99999", "localhost/", "localhost#", "localhost ", "[::1", "::1]", "[::1].evil.com", "[::1]evil", "[localhost]", "[]",
		"[::2]:80", "0.0.0.0:80", "[::]:80", "128.0.0.1", "[::ffff:128.0.0.1]", "10.0.0.1:8080", "127.0.0", "\x00localhost", "lоcalhost", // the last with a Cyrillic o
	} {
		_, ok := ownHost(host)
		require.False(t, ok, host)
		response, text := ask(t, h, "GET", "/api/net", "", func(r *http.Request) { r.Host = host })
		require.Equal(t, http.StatusForbidden, response.StatusCode, host)
		requireReason(t, response, text)
	}
}

func TestOnlyThePageItselfMayAsk(t *testing.T) {
	h := readySite(t)
	post := func(host, origin string) int {
		response, text := ask(t, h, "POST", "/api/plan", `{"plan": "`+named("1 2 3 4 5 6")+`"}`, func(r *http.Request) {
			r.Host = host
			r.Header.Del("Sec-Fetch-Site") // as old browsers
			r.Header.Set("Origin", origin)
		})
		if response.StatusCode != http.StatusOK {
			requireReason(t, response, text)
		}
		return response.StatusCode
	}
	for host, origin := range map[string]string{
		"localhost:8080": "http://LOCALHOST:8080", "LOCALHOST.:8080": "http://localhost:8080", "[0:0:0:0:0:0:0:1]:8080": "http://[::1]:8080", "[::1]": "http://[0::1]",
		"127.0.0.1:80": "http://127.0.0.1:80",
	} {
		require.Equal(t, http.StatusOK, post(host, origin), "%s from %s", host, origin)
	}
	for _, origin := range []string{
		"null", "http://evil.example", "http://localhost:3000", "http://localhost", "https://localhost:8080", "http://127.0.0.1:8080", "http://localhost:8080.evil.com", "http://localhost.evil.com:8080",
		"http://user@localhost:8080", "http://localhost:8080@evil.com", "http://evil.com@localhost:8080", "http://localhost:8080/", "http://localhost:8080?x", "http://localhost:8080#x",
		"localhost:8080", "//localhost:8080", "http://", "http://:8080", ":", "http://localhost:8080 http://evil.example",
	} {
		require.Equal(t, http.StatusForbidden, post("localhost:8080", origin), origin)
	}
}

// serving runs the program, which trains meanwhile, and returns its address.
func serving(t *testing.T) string {
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	ctx, cancel := context.WithCancel(t.Context())
	log, done := &syncedLog{more: make(chan struct{}, 1)}, make(chan error, 1)
	go func() { done <- do(ctx, config{addr: "127.0.0.1:0", blocks: 3, width: 1, epochs: 1000, seed: 1}, log) }()
	t.Cleanup(func() {
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
	return strings.TrimPrefix(log.wait(t, `http://[^ /]+`, done), "http://")
}

// Whatever comes in over the network gets an answer in JSON, also what never reaches a handler.
func TestEveryRefusalIsJSON(t *testing.T) {
	addr := serving(t)
	const host = "Host: localhost\r\n"
	for name, c := range map[string]struct {
		request string
		status  int
	}{
		"not found":             {"GET /nothing HTTP/1.1\r\n" + host, 404},
		"not found, encoded":    {"GET /..%2f..%2fetc%2fpasswd HTTP/1.1\r\n" + host, 404},
		"a folder":              {"GET /images/ HTTP/1.1\r\n" + host, 404},
		"no image yet":          {"GET /images/0.png HTTP/1.1\r\n" + host, 404},
		"method of the page":    {"POST / HTTP/1.1\r\n" + host, 405},
		"method of the net":     {"DELETE /api/net HTTP/1.1\r\n" + host, 405},
		"method of the plan":    {"GET /api/plan HTTP/1.1\r\n" + host, 405},
		"options":               {"OPTIONS /api/plan HTTP/1.1\r\n" + host, 405},
		"options of the server": {"OPTIONS * HTTP/1.1\r\n" + host, 400},
		"unknown method":        {"BREW /api/net HTTP/1.1\r\n" + host, 405},
		"range":                 {"GET /style.css HTTP/1.1\r\nRange: bytes=99999999-\r\n" + host, 416},
		"precondition":          {"GET /style.css HTTP/1.1\r\nIf-Match: \"x\"\r\n" + host, 412},
		"still training":        {"POST /api/plan HTTP/1.1\r\nContent-Type: application/json\r\n" + host, 503},
		"absolute":              {"GET http://evil.example/ HTTP/1.1\r\n" + host, 403},
		"no host, old":          {"GET / HTTP/1.0\r\n", 403},
		"no host":               {"GET / HTTP/1.1\r\n", 400},
		"two hosts":             {"GET / HTTP/1.1\r\n" + host + host, 400},
		"broken host":           {"GET / HTTP/1.1\r\nHost: a b\r\n", 400},
		"not HTTP":              {"hello\r\n", 400},
		"broken header":         {"GET / HTTP/1.1\r\n: x\r\n" + host, 400},
		"version":               {"GET / HTTP/3.7\r\n" + host, 505},
		"transfer encoding":     {"POST /api/plan HTTP/1.1\r\nTransfer-Encoding: brotli\r\n" + host, 501},
		"long header":           {"GET / HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 2<<20) + "\r\n", 431},
		"long path":             {"GET /" + strings.Repeat("x", 2<<20) + " HTTP/1.1\r\n" + host, 431},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			defer conn.Close()
			go io.WriteString(conn, c.request+"\r\n") // the server need not read to the end
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			text, err := io.ReadAll(io.LimitReader(response.Body, max(0, response.ContentLength)))
			require.NoError(t, err)
			require.Equal(t, c.status, response.StatusCode, string(text))
			requireReason(t, response, string(text))
		})
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	h := readySite(t)
	for _, path := range []string{"/", "/style.css", "/api/net", "/images/0.png"} {
		response, _ := ask(t, h, "HEAD", path, "", nil)
		require.Equal(t, http.StatusOK, response.StatusCode, path)
	}
	response, _ := ask(t, h, "HEAD", "/nothing", "", nil)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.Equal(t, "application/json", response.Header.Get("Content-Type"))
}
