package serve

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/atomicfile"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
)

// certain writes a net that always answers one class to a file.
func certain(t *testing.T, class int, path string) {
	t.Helper()
	net := tiny(t, resnet.PreActivation, 1)
	for name, p := range nn.Params(net) {
		if name == "fc.bias" {
			p.Value.Data()[class] = 1000
		}
	}
	require.NoError(t, net.Save(path, data.Card{}))
}

func fromFile(path string) Source {
	return Source{Name: "tiny", File: path, Load: func() (*Model, error) {
		net, _, err := resnet.Load(path)
		if err != nil {
			return nil, err
		}
		return model(net), nil
	}}
}

// log is a buffer for several goroutines.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// A file that is replaced under load is loaded; no request fails, and none that is sent behind the swap has the old net. A
// broken file changes nothing.
func TestHotSwap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	certain(t, 0, path)
	var notes log
	s := loaded(t, Config{Models: []Source{fromFile(path)}, Poll: time.Hour, Log: slog.New(slog.NewJSONHandler(&notes, nil))})
	file, _ := pngOf(t, 1)
	top := func() int { return s.classify("?top=1", "image/png", file).results(t)[0].Classes[0].Index }
	end := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for last := 0; ; {
				select {
				case <-end:
					return
				default:
				}
				now := top()
				require.GreaterOrEqual(t, now, last)
				last = now
			}
		})
	}
	require.Zero(t, top())
	for class := 1; class <= 2; class++ {
		certain(t, class, path)
		s.look() // has changed
		s.look() // and has not since
		require.Equal(t, class, top())
	}
	for _, broken := range []string{"", "rubbish", "\x08\x00\x00\x00\x00\x00\x00\x00{\"x\": 1}"} {
		require.NoError(t, atomicfile.Write(path, []byte(broken)))
		s.look()
		s.look()
		require.Equal(t, 2, top())
	}
	require.NoError(t, os.Remove(path))
	s.look()
	s.look()
	require.Equal(t, 2, top())
	certain(t, 2, path)
	s.look()
	s.look()
	close(end)
	load.Wait()
	require.Equal(t, 4, bytes.Count([]byte(notes.String()), []byte("model loaded")))
	require.Equal(t, 3, bytes.Count([]byte(notes.String()), []byte("the old model stays")))
	require.Equal(t, 1, bytes.Count([]byte(notes.String()), []byte("file is gone")))
}

// A Load that panics on a new file is an error like another.
func TestALoadThatPanics(t *testing.T) {
	s, err := New(Config{Models: []Source{{Name: "x", Load: func() (*Model, error) { panic("broken") }}}})
	require.NoError(t, err)
	require.EqualError(t, s.Load(), "serve: model x: panic: broken")
}

// Serve ends when a model cannot be loaded, and when its listener is closed by another.
func TestServeThatCannotGoOn(t *testing.T) {
	for _, src := range []Source{
		{Name: "x", Load: func() (*Model, error) { return nil, errors.New("no such net") }},
		{Name: "x", Load: func() (*Model, error) {
			m := model(tiny(t, resnet.PreActivation, 1))
			m.Classes = m.Classes[:2]
			return m, nil
		}},
	} {
		s := start(t, Config{Models: []Source{src}})
		require.ErrorContains(t, <-s.done, "serve: model x: n")
	}
	s, err := New(Config{Models: []Source{source(tiny(t, resnet.PreActivation, 1))}})
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, s.Serve(t.Context(), l), net.ErrClosed)
}

// A server is ready when its models are loaded, and no longer when it stops; requests before are told to come again.
func TestReadiness(t *testing.T) {
	src := source(tiny(t, resnet.PreActivation, 1))
	load, open := src.Load, make(chan struct{})
	src.Load = func() (*Model, error) { <-open; return load() }
	s := start(t, Config{Models: []Source{src}})
	file, _ := pngOf(t, 1)
	for _, r := range []reply{s.get("/readyz"), s.classify("", "image/png", file)} {
		require.Equal(t, http.StatusServiceUnavailable, r.status)
		require.Equal(t, "1", r.header.Get("Retry-After"))
	}
	require.Equal(t, http.StatusOK, s.get("/healthz").status)
	close(open)
	require.Eventually(t, func() bool { return s.get("/readyz").status == http.StatusOK }, time.Minute, time.Millisecond)
	s.classify("", "image/png", file).results(t)
}

// What has been accepted is answered when the server stops.
func TestStop(t *testing.T) {
	src, g := gated(tiny(t, resnet.PreActivation, 1))
	s := loaded(t, Config{Models: []Source{src}})
	file, _ := pngOf(t, 1)
	var accepted []chan reply
	for range 10 {
		accepted = append(accepted, s.later(file))
	}
	require.Eventually(t, func() bool { return s.Held() == 10 }, time.Minute, time.Millisecond)
	s.stop()
	require.Eventually(t, func() bool { return s.get("/readyz").status != http.StatusOK }, time.Minute, time.Millisecond)
	close(g.open)
	for _, c := range accepted {
		(<-c).results(t)
	}
	require.NoError(t, <-s.done)
	require.EqualValues(t, 10, s.answered.Load())
}
