package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/fashion"
)

func TestParseRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"x":                     `"x": want flags only`,
		"-blocks 16":            `invalid value "16" for flag -blocks: want a multiple of 3 from 3 to 30`,
		"-width 0":              `"0" for flag -width: want 1 to 64`,
		"-epochs 0":             `"0" for flag -epochs: want 1 to 1,000,000`,
		"-epochs 10000000":      `"10000000" for flag -epochs: want 1 to 1,000,000`,
		"-addr 0.0.0.0:8080":    "-addr 0.0.0.0:8080: the page is for this machine only",
		"-addr :8080":           "-addr :8080: the page is for this machine only",
		"-addr example.com:80":  "the page is for this machine only",
		"-addr 127.0.0.1":       "-addr: address 127.0.0.1: missing port",
		"-seed x":               `invalid value "x" for flag -seed`,
		"-addr 192.168.0.1:123": "the page is for this machine only",
		"-addr [::]:80":         "the page is for this machine only",
	} {
		_, err := parse(strings.Fields(args), io.Discard)
		require.ErrorContains(t, err, want, args)
	}
	for _, addr := range []string{"127.0.0.1:0", "localhost:8080", "[::1]:0", "LocalHost.:80", "[0:0:0:0:0:0:0:1]:0", "[::ffff:127.0.0.1]:0"} {
		_, err := parse([]string{"-addr", addr}, io.Discard)
		require.NoError(t, err)
	}
}

// syncedLog is a writer that may be read while it is written to.
type syncedLog struct {
	mu   sync.Mutex
	text bytes.Buffer
	more chan struct{} // holds a token when there may be something new
}

func (l *syncedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(p)
}

// wait returns what re matches, as soon as it does.
func (l *syncedLog) wait(t *testing.T, re string, done <-chan error) string {
	t.Helper()
	for {
		l.mu.Lock()
		found := regexp.MustCompile(re).FindString(l.text.String())
		l.mu.Unlock()
		if found != "" {
			return found
		}
		select {
		case <-l.more:
		case err := <-done:
			t.Fatalf("ended without %s: %v\n%s", re, err, l.text.String())
		}
	}
}

// The program trains once. The second start, and one that is given the checkpoint, find the nets.
func TestProgramTrainsOnceAndServes(t *testing.T) {
	if testing.Short() {
		t.Skip("trains a net")
	}
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	t.Setenv("HOME", dir)         // where macOS looks
	t.Setenv("LocalAppData", dir) // and Windows
	cfg := config{addr: "127.0.0.1:0", blocks: 3, width: 1, epochs: 1, seed: 1}
	first := serveOnce(t, cfg)
	require.Contains(t, first, "lab: trained in ")
	second := serveOnce(t, cfg)
	require.NotContains(t, second, "trained in")
	ready := regexp.MustCompile(`ready: .*`)
	require.Equal(t, ready.FindString(first), ready.FindString(second), "the same nets")

	file, err := cachedModel(cfg, "residual")
	require.NoError(t, err)
	require.FileExists(t, file)
	cfg.model = file
	require.Equal(t, ready.FindString(first), ready.FindString(serveOnce(t, cfg)))

	cfg.width = 2
	err = do(t.Context(), cfg, io.Discard)
	require.ErrorContains(t, err, file)
	cfg.model = filepath.Join(dir, "missing")
	require.ErrorIs(t, do(t.Context(), cfg, io.Discard), os.ErrNotExist)
}

// serveOnce runs the program until it has answered a request, and returns its output.
func serveOnce(t *testing.T, cfg config) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &syncedLog{more: make(chan struct{}, 1)}
	done := make(chan error, 1)
	go func() { done <- do(ctx, cfg, log) }()
	url := log.wait(t, `http://[^ ]+`, done)
	log.wait(t, `ready: .*\n`, done)
	response, err := http.Get(url + "api/net")
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	response.Body.Close()
	require.Contains(t, string(text), `"whole"`)
	cancel()
	require.NoError(t, <-done, "ended by its context, which is no failure")
	return log.text.String()
}

func TestTrainingThatWasStoppedGoesOn(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LocalAppData", t.TempDir())
	cfg := config{blocks: 3, width: 1, epochs: 1, seed: 1}
	images := fashion.Embedded()
	for i, step := range []int{3, 4, 5, 200, 201} { // an epoch has 157 steps, so the last two are those of the plain net
		ctx, cancel := context.WithCancel(t.Context())
		first := 0
		_, err := trained(ctx, cfg, images, func(s trainingState) {
			if first == 0 {
				first = s.Step
			}
			if s.Step == step {
				cancel()
			}
			require.Equal(t, 2*157, s.Steps)
			require.Equal(t, s.Step > 157, s.Net == "plain")
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []int{1, 4, 5, 6, 201}[i], first)
	}
}

func TestAddressInUse(t *testing.T) {
	log := &syncedLog{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LocalAppData", t.TempDir())
	cfg := config{addr: "127.0.0.1:0", blocks: 3, width: 1, epochs: 1000, seed: 1}
	go func() { done <- do(ctx, cfg, log) }()
	url := log.wait(t, `http://[^ /]+`, done)
	cfg.addr = strings.TrimPrefix(url, "http://")
	require.ErrorContains(t, do(t.Context(), cfg, io.Discard), "choose another address with -addr")
	cancel()
	require.ErrorIs(t, <-done, context.Canceled, "the nets are not trained")
}
