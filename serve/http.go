package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/residuum-go/residuum/internal/jsonreply"
)

// refusal is an error with the status of its answer.
type refusal struct {
	status int
	reason string
}

func (r *refusal) Error() string { return r.reason }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

// statusOf returns the status of the answer that an error deserves.
func statusOf(err error) int {
	if r := (*refusal)(nil); errors.As(err, &r) {
		return r.status
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.Canceled):
		return clientGone
	}
	return http.StatusInternalServerError
}

// clientGone is the status, for metrics and logs alone, of a request whose client has gone.
const clientGone = 499

// response remembers what became of a request.
type response struct {
	http.ResponseWriter
	status int
	model  string
	err    error
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// ServeHTTP answers a request. No answer takes longer than Config.Timeout.
func (s *Server) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
	defer cancel()
	w := &response{ResponseWriter: rw}
	_ = http.NewResponseController(rw).SetReadDeadline(start.Add(s.cfg.Timeout)) // recorders have none
	h := w.Header()
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	if s.stopping.Load() {
		h.Set("Connection", "close")
	}
	s.handler.ServeHTTP(w, r.WithContext(ctx))
	w.status = cmp.Or(w.status, http.StatusOK) // which net/http sends where a handler says none
	took := time.Since(start)
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		s.cfg.Observer.Answered(w.model, w.status, took)
	}
	s.log(r, w, took)
}

func (s *Server) log(r *http.Request, w *response, took time.Duration) {
	level := slog.LevelDebug
	if w.status >= 500 {
		level = slog.LevelWarn
	} else if w.status >= 400 {
		level = slog.LevelInfo
	}
	if !s.cfg.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", w.status),
		slog.Duration("took", took), slog.String("from", r.RemoteAddr)}
	if w.err != nil {
		attrs = append(attrs, slog.String("error", w.err.Error()))
	}
	s.cfg.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// routes returns the handler of all paths.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(w *response, r *http.Request) error) {
		mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			w := rw.(*response)
			if err := h(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	handle("GET /{$}", showPage)
	handle("GET /healthz", func(w *response, _ *http.Request) error { return answer(w, map[string]bool{"ok": true}) })
	handle("GET /readyz", s.readiness)
	handle("GET /v1/models", s.allowed(s.list))
	handle("POST /v1/models/{model}/classify", s.allowed(s.admitted(s.classify)))
	handle("POST /v1/models/{model}/logits", s.allowed(s.admitted(s.logits)))
	if s.cfg.Metrics != nil {
		handle("GET /metrics", s.allowed(func(w *response, r *http.Request) error {
			s.cfg.Metrics.ServeHTTP(w, r)
			return nil
		}))
	}
	handle("/", func(w *response, r *http.Request) error { return lost(mux, w, r) })
	origins := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := origins.Check(r); err != nil {
			fail(w.(*response), refuse(http.StatusForbidden, "%v", err))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// lost says why nothing of mux answers a request.
func lost(mux *http.ServeMux, w *response, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := mux.Handler(other); pattern != "/" {
			w.Header().Set("Allow", method)
			return refuse(http.StatusMethodNotAllowed, "want %s", method)
		}
	}
	return refuse(http.StatusNotFound, "there is nothing at %.100q", r.URL.Path)
}

// allowed lets requests pass that bear the token.
func (s *Server) allowed(h func(*response, *http.Request) error) func(*response, *http.Request) error {
	if s.cfg.Token == "" {
		return h
	}
	want := sha256.Sum256([]byte(s.cfg.Token)) // of one length, so that comparing takes one time
	return func(w *response, r *http.Request) error {
		token, borne := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(token))
		if !borne || subtle.ConstantTimeCompare(want[:], got[:]) == 0 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			return refuse(http.StatusUnauthorized, "want Authorization: Bearer and the token")
		}
		return h(w, r)
	}
}

// hold accepts n more requests or images, or says that there are too many.
func (s *Server) hold(n int) error {
	if held := s.held.Add(int64(n)); held > int64(s.cfg.Queue) {
		s.held.Add(int64(-n))
		return refuse(http.StatusServiceUnavailable, "too many requests and images at once: at most %d", s.cfg.Queue)
	}
	return nil
}

// admitted finds the model of a request, and holds a place for it until it is answered.
func (s *Server) admitted(h func(*response, *http.Request, *ready) error) func(*response, *http.Request) error {
	return func(w *response, r *http.Request) error {
		name := r.PathValue("model")
		for _, m := range s.models {
			if m.Name != name {
				continue
			}
			w.model = name
			model := m.model.Load()
			if model == nil {
				return refuse(http.StatusServiceUnavailable, "model %s is being loaded", name)
			}
			if err := s.hold(1); err != nil {
				return err
			}
			defer s.held.Add(-1)
			defer s.answered.Add(1)
			return h(w, r, model)
		}
		return refuse(http.StatusNotFound, "there is no model %.100q", name)
	}
}

func (s *Server) readiness(w *response, _ *http.Request) error {
	if s.stopping.Load() {
		return refuse(http.StatusServiceUnavailable, "stopping")
	}
	for _, m := range s.models {
		if m.model.Load() == nil {
			return refuse(http.StatusServiceUnavailable, "model %s is being loaded", m.Name)
		}
	}
	return answer(w, map[string]bool{"ready": true})
}

func fail(w *response, err error) {
	status := statusOf(err)
	w.err = err
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	jsonreply.Write(w, status, map[string]string{"error": err.Error()})
}

func answer(w *response, v any) error {
	jsonreply.Write(w, http.StatusOK, v)
	return nil
}
