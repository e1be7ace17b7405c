package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/fashion"
)

// process is the built program in a cache of its own.
type process struct {
	*exec.Cmd
	log    *syncedLog
	errors bytes.Buffer
	done   chan error
}

// build compiles the program.
func build(t *testing.T) string {
	if runtime.GOOS == "windows" {
		t.Skip("no process can send another one Ctrl-C")
	}
	file := filepath.Join(t.TempDir(), "lab")
	out, err := exec.Command("go", "build", "-o", file, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	return file
}

// startTraining starts the program and waits until it has done a step of training.
func startTraining(t *testing.T, file string, args ...string) *process {
	p := &process{Cmd: exec.Command(file, append(args, "-addr", "127.0.0.1:0")...), log: &syncedLog{more: make(chan struct{}, 1)}, done: make(chan error, 1)}
	p.Stdout, p.Stderr = p.log, &p.errors
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	go func() { p.done <- p.Wait() }()
	url := p.log.wait(t, `http://[^ ]+`, p.done)
	require.Eventually(t, func() bool {
		response, err := http.Get(url + "api/net")
		require.NoError(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		var n struct{ Training trainingState }
		require.NoError(t, json.Unmarshal(text, &n))
		return n.Training.Step > 0
	}, time.Minute, 5*time.Millisecond)
	return p
}

// Whoever stops the program while it trains finds the training where it was.
func TestASignalWaitsForTheCheckpoint(t *testing.T) {
	file := build(t)
	for _, name := range []string{"XDG_CACHE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, t.TempDir())
	}
	cfg, before := config{blocks: 3, width: 1, epochs: 1000, seed: 1}, 0
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := startTraining(t, file, "-blocks", "3", "-width", "1", "-epochs", "1000")
		require.NoError(t, p.Process.Signal(signal))
		exit := &exec.ExitError{}
		require.ErrorAs(t, <-p.done, &exit)
		require.Equal(t, 1, exit.ExitCode())
		var epoch, images int
		said := regexp.MustCompile(`stopped in epoch.*images`).FindString(p.errors.String())
		_, err := fmt.Sscanf(said, "stopped in epoch %d of 1000 after %d of 10000 images", &epoch, &images)
		require.NoError(t, err, p.errors.String())
		steps := (epoch-1)*157 + images/64
		require.Greater(t, steps, before, "it has gone on")
		before = steps

		ctx, cancel := context.WithCancel(t.Context())
		next := 0
		_, err = trained(ctx, cfg, fashion.Embedded(), func(s trainingState) {
			next = s.Step
			cancel()
		})
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, steps+1, next)
		before = next
	}
}
