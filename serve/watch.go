package serve

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// slot is a name and the model that it stands for now.
type slot struct {
	Source
	model atomic.Pointer[ready] // nil before it is loaded

	// Only Load and the look after it, one at a time, use these.
	tried, seen os.FileInfo // the file when it was last loaded, and at the last look
}

// Load loads the models that are not loaded yet, and returns what is wrong with the first that cannot be. Serve does it,
// and whoever uses the server as a handler must.
func (s *Server) Load() error {
	s.loading.Lock()
	defer s.loading.Unlock()
	for _, m := range s.models {
		if m.model.Load() != nil {
			continue
		}
		if m.File != "" {
			m.tried, _ = os.Stat(m.File) // what is wrong with it, its Load says
			m.seen = m.tried
		}
		if err := s.replace(m); err != nil {
			return fmt.Errorf("serve: model %s: %w", m.Name, err)
		}
	}
	return nil
}

// replace loads a model and puts it into its place. Requests that have the old one finish with it.
func (s *Server) replace(m *slot) error {
	start := time.Now()
	r, err := s.load(m.Source)
	s.cfg.Observer.Loaded(m.Name, err)
	if err != nil {
		return err
	}
	m.model.Store(r)
	blocks := 0
	if r.net != nil {
		blocks = r.net.Len()
	}
	s.cfg.Log.Info("model loaded", "model", m.Name, "file", m.File, "classes", r.classes, "blocks", blocks, "took", time.Since(start))
	return nil
}

// Watch looks at the files of the models until ctx is done, and loads what has changed. Serve does it.
func (s *Server) Watch(ctx context.Context) {
	ticks := time.NewTicker(s.cfg.Poll)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			s.look()
		case <-ctx.Done():
			return
		}
	}
}

// look loads the models whose files are other ones than those they were loaded from. A file that is not as it was at the
// last look may be still being written, and has time until the next.
func (s *Server) look() {
	s.loading.Lock()
	defer s.loading.Unlock()
	for _, m := range s.models {
		if m.File == "" {
			continue
		}
		now, err := os.Stat(m.File)
		if err != nil {
			if m.seen != nil {
				s.cfg.Log.Warn("model's file is gone, the model stays", "model", m.Name, "error", err)
			}
			m.seen = nil
			continue
		}
		settled := same(now, m.seen)
		m.seen = now
		if !settled || same(now, m.tried) {
			continue
		}
		m.tried = now
		if err := s.replace(m); err != nil {
			s.cfg.Log.Error("model's file has changed and cannot be loaded, the old model stays", "model", m.Name, "file", m.File, "error", err)
		}
	}
}

// same reports whether a file has not changed between two looks.
func same(a, b os.FileInfo) bool {
	return a != nil && b != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}
