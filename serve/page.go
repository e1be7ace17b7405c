package serve

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
)

//go:embed page.html
var page string

// policy lets the page's own script and style run, and the page show what its user chooses; all else is forbidden.
var policy = fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; img-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	hash("script"), hash("style"))

// hash returns what the policy calls the page's one element of a kind.
func hash(element string) string {
	_, rest, _ := strings.Cut(page, "<"+element+">")
	text, _, _ := strings.Cut(rest, "</"+element+">")
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func showPage(w *response, _ *http.Request) error {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write([]byte(page)) // nobody is left to tell
	return nil
}
