// Package jsonreply writes answers of HTTP servers.
package jsonreply

import (
	"encoding/json"
	"net/http"
)

// Write answers with v, or where v has no JSON form, because a number in it is not finite, says so.
func Write(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer has no JSON form"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // nobody is left to tell
}
