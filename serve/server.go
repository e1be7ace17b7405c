package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Server serves models; see the package comment.
type Server struct {
	cfg      Config
	models   []*slot
	handler  http.Handler
	decoders chan struct{} // a slot for each picture that is being decoded
	studies  chan struct{} // and for each net that is being taken apart

	loading  sync.Mutex // models are loaded one at a time
	held     atomic.Int64
	answered atomic.Int64
	stopping atomic.Bool
}

// New returns a server that has loaded nothing yet. What is wrong with cfg is a *residuum.ConfigError.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.filled()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, decoders: make(chan struct{}, runtime.GOMAXPROCS(0)), studies: make(chan struct{}, 1)}
	for _, m := range cfg.Models {
		s.models = append(s.models, &slot{Source: m})
	}
	s.handler = s.routes()
	return s, nil
}

// Held returns how many requests and images are accepted and not yet answered.
func (s *Server) Held() int { return int(s.held.Load()) }

// Serve loads the models and answers requests on l. When ctx is done it takes requests for Config.Drain more, but is not
// ready for them and closes connections behind its answers; then it closes l and returns when all that it has accepted is
// answered. A model that cannot be loaded ends it with an error, and so do answers that take longer than Config.Timeout.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:                      s,
		DisableGeneralOptionsHandler: true, // ours answers
		ReadHeaderTimeout:            min(10*time.Second, s.cfg.Timeout),
		WriteTimeout:                 2 * s.cfg.Timeout, // an answer has as long as what came before it
		IdleTimeout:                  2 * time.Minute,
		MaxHeaderBytes:               1 << 16,
		ErrorLog:                     slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelInfo),
	}
	watch, end := context.WithCancel(ctx)
	defer end()
	var all sync.WaitGroup
	var broken error
	all.Go(func() { defer end(); broken = h.Serve(l) })
	s.cfg.Log.Info("listening", "address", l.Addr().String())
	err := s.Load()
	if err == nil {
		s.Watch(watch)
	}
	s.stopping.Store(true)
	if err == nil && ctx.Err() != nil {
		s.cfg.Log.Info("stopping", "cause", context.Cause(ctx).Error(), "held", s.Held())
		time.Sleep(s.cfg.Drain)
	}
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*s.cfg.Timeout)
	defer stop()
	if late := h.Shutdown(patience); late != nil {
		err = errors.Join(err, fmt.Errorf("serve: %d requests and images are given up: %w", s.Held(), late), h.Close())
	}
	if all.Wait(); !errors.Is(broken, http.ErrServerClosed) {
		err = errors.Join(err, broken)
	}
	s.cfg.Log.Info("stopped", "answered", s.answered.Load())
	return err
}
