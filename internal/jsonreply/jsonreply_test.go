package jsonreply

import (
	"math"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWrite(t *testing.T) {
	for _, c := range []struct {
		v      any
		status int
		text   string
	}{
		{map[string]int{"a": 1}, 202, "{\"a\":1}\n"},
		{math.Inf(1), 500, "{\"error\":\"the answer has no JSON form\"}\n"},
	} {
		w := httptest.NewRecorder()
		Write(w, 202, c.v)
		require.Equal(t, c.status, w.Code)
		require.Equal(t, "application/json", w.Header().Get("Content-Type"))
		require.Equal(t, c.text, w.Body.String())
	}
}
