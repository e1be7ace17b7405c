package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/programtest"
)

const (
	testParts = 6
	lostPart  = 4 // in the middle of the VGG net's studies
)

// sweepArgs is the command line of a run with enough plans for a study to be cut.
func sweepArgs(out string) []string {
	return tiny(out, "-seeds", "1", "-nets", "residual,vgg,boost", "-draws", "10", "-test", "100")
}

// partOf is how the environment says which part of a sweep it is.
func partOf(i int) []string {
	return []string{"SLURM_ARRAY_TASK_ID=", fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i), fmt.Sprintf("RESIDUUM_SHARDS=%d", testParts)}
}

// partCommand returns a process that does a part of that run.
func partCommand(dir string, i int) *exec.Cmd {
	cmd := programtest.Command(append(sweepArgs(dir), "-sweep", "part")...)
	cmd.Env = append(cmd.Env, partOf(i)...)
	return cmd
}

func startsOf(t *testing.T, dir string, i int) []string {
	found, err := filepath.Glob(filepath.Join(dir, "parts", fmt.Sprintf("%d-of-%d-*", i, testParts)))
	require.NoError(t, err)
	return found
}

// onlyAt is a log that hands on what mentions something.
type onlyAt struct {
	what string
	io.Writer
}

func (o onlyAt) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(o.what)) {
		return o.Writer.Write(p)
	}
	return len(p), nil
}

// Parts of a sweep, of which one is done by two processes at once, one is killed and started again, and one is lost at
// first, find what a run on one machine finds.
func TestASweepFindsWhatOneRunFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the program a dozen times")
	}
	want := timeless(t, measured(t, sweepArgs(filepath.Join(t.TempDir(), "one run"))))
	dir := filepath.Join(t.TempDir(), "a sweep") // which has to be quoted
	run := func(i int) string {
		out, err := partCommand(dir, i).CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}

	// Part 0 is killed in its training.
	killed := partCommand(dir, 0)
	out, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), " images: loss"); {
	}
	require.NoError(t, killed.Process.Kill())
	require.Error(t, killed.Wait(), "it was not at its end")
	run(0)
	require.Contains(t, run(0), "nothing is left to do")
	require.Len(t, startsOf(t, dir, 0), 2)

	// The first process of part 1 waits before its first study, the second does it all meanwhile.
	for _, v := range partOf(1) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	first := held{make(chan struct{}), make(chan struct{})}
	done := make(chan error, 1)
	go func() {
		done <- do(t.Context(), parsed(t, append(sweepArgs(dir), "-sweep", "part")), onlyAt{"test accuracy", first})
	}()
	select {
	case <-first.begun:
	case err := <-done:
		require.Fail(t, "it has not waited", err)
	}
	require.NotContains(t, run(1), "nothing is left to do")
	close(first.goOn)
	require.NoError(t, <-done)
	require.Len(t, startsOf(t, dir, 1), 2)

	for i := 2; i < testParts; i++ {
		if i != lostPart {
			require.Contains(t, run(i), "pieces)", "of a study's plans")
		}
	}

	merge := func() (int, string, string) {
		return programtest.Run(t, nil, append(sweepArgs(dir), "-sweep", "merge")...)
	}
	status, _, complaint := merge()
	require.Equal(t, 1, status)
	require.Equal(t, 1, strings.Count(complaint, " is lost or not at its end"), complaint)
	require.Contains(t, complaint, "part 4 of 6 is lost or not at its end: vgg, seed 1: deleting one block, batch norm estimated anew (")
	reported := readResults(t, dir)
	require.NotNil(t, reported.net("residual").DeleteOne)
	require.NotNil(t, reported.net("boost").DeleteOne, "what is there is reported")
	for _, m := range reported.Missing {
		require.Contains(t, m, "vgg: ")
	}
	_, command, found := strings.Cut(complaint, "make it up: ")
	require.True(t, found, complaint)
	command, _, _ = strings.Cut(command, "\n")
	require.Contains(t, command, "JOB_COMPLETION_INDEX=4 RESIDUUM_SHARDS=6 ")
	shell := exec.Command("sh", "-c", command)
	shell.Env = programtest.Command().Env
	text, err := shell.CombinedOutput()
	require.NoError(t, err, string(text))

	for range 2 { // the second time from what the first has kept
		status, answer, complaint := merge()
		require.Zero(t, status, complaint)
		require.Contains(t, answer, "core hours")
		require.Contains(t, answer, "\n0 of 6       2 ")
		require.Equal(t, want, timeless(t, readResults(t, dir)))
	}
	require.Contains(t, run(lostPart), "nothing is left to do")
}

// The environment says which part it is, and what it says wrongly is named.
func TestAPartThatTheEnvironmentContradicts(t *testing.T) {
	cmd := partCommand(t.TempDir(), testParts)
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "RESIDUUM_SHARDS")
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	_, err = parse([]string{"-sweep", "all"}, io.Discard)
	require.ErrorContains(t, err, `flag -sweep is "all": want part or merge`)
}

// keptAsPart makes the kept results of the complete run the only start of a part.
func keptAsPart(t *testing.T) (dir, part string) {
	dir = copied(t)
	part = filepath.Join(dir, "parts", "0-of-1-1")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "parts"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(dir, "kept"), part))
	require.NoError(t, writeJSON(filepath.Join(part, "part.json"), record{Count: 1, Workers: 2, Seconds: 1800, Share: 1}))
	return dir, part
}

func mergeOf(t *testing.T, dir string, more ...string) error {
	return do(t.Context(), parsed(t, append(append(completeArgs(dir), "-sweep", "merge"), more...)), io.Discard)
}

func TestWhatPartsCannotHaveFoundIsRefusedByName(t *testing.T) {
	dir, part := keptAsPart(t)
	require.NoError(t, mergeOf(t, dir))
	require.ErrorContains(t, mergeOf(t, dir, "-epochs", "3"), "kept keeps the results of a run with other flags")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "kept")))
	require.ErrorContains(t, mergeOf(t, dir, "-epochs", "3"), part+" keeps the results of a run with other flags")

	twin := filepath.Join(dir, "parts", "0-of-1-2")
	require.NoError(t, os.CopyFS(twin, os.DirFS(part)))
	require.NoError(t, mergeOf(t, dir))
	net := filepath.Join(twin, "residual-1.json")
	edit(t, net, func(n map[string]any) {
		n["delete_one"].([]any)[1].(map[string]any)["correct"] = 1
		n["training_seconds"] = 1e6
	})
	err := mergeOf(t, dir)
	require.ErrorContains(t, err, net)
	require.ErrorContains(t, err, `they disagree about "delete_one"`)
	require.NoError(t, os.WriteFile(net, []byte("shopping list"), 0o644))
	require.ErrorContains(t, mergeOf(t, dir), net)
	require.NoError(t, os.Remove(net))
	require.NoError(t, os.WriteFile(filepath.Join(twin, "residual-1-sweeps.jsonl"), []byte("shopping list"), 0o644))
	require.ErrorContains(t, mergeOf(t, dir), filepath.Join(twin, "residual-1-sweeps.jsonl"))
	for _, text := range []string{"{}", "[]", "shopping list", `{"index": 2, "count": 2, "workers": 1}`, `{"index": 0, "count": 1}`} {
		require.NoError(t, os.WriteFile(filepath.Join(twin, "part.json"), []byte(text), 0o644))
		require.ErrorContains(t, mergeOf(t, dir), filepath.Join(twin, "part.json"), text)
	}
}

// A sweep may go on with what one machine has kept, and add seeds to it.
func TestASweepGoesOnWithARunOnOneMachine(t *testing.T) {
	dir := copied(t)
	err := mergeOf(t, dir, "-seeds", "2")
	require.ErrorContains(t, err, "part 0 of 1 is lost or not at its end: residual, seed 2: training; residual, seed 2: deleting one block; ")
	require.NotContains(t, err.Error(), "seed 1")
	require.NoError(t, mergeOf(t, dir))
	require.Equal(t, timeless(t, complete.run.results), timeless(t, readResults(t, dir)))
}

func TestUnionIsOfAllThatIsKnown(t *testing.T) {
	whole := completeRun(t).results.net("residual")
	text := func(n *Net) string {
		raw, err := json.Marshal(n)
		require.NoError(t, err)
		return string(raw)
	}
	some, other := *whole, *whole.timeless()
	some.Done, some.Forward, some.Link = whole.Done[:6], nil, nil
	other.Done, other.DeleteOne, other.Whole, other.Gradient, other.Paths, other.SumError = append([]string{trainingPart}, whole.Done[6:]...), nil, nil, nil, nil, 0
	sum, err := union(&some, &other)
	require.NoError(t, err)
	require.Equal(t, text(whole), text(sum), "with the times of the first")
}

// A start that is killed has said how long it ran, also if it found nothing.
func TestAStartNotesThatItRuns(t *testing.T) {
	var none *portion
	none.runs() // no sweep
	(&portion{}).runs()
	s := &portion{start: &start{store: &store{t.TempDir()}}, begun: time.Now().Add(-time.Hour)}
	s.runs()
	var r record
	require.NoError(t, readJSON(s.recordPath(), &r))
	require.GreaterOrEqual(t, r.Seconds, 3600.)
	require.NoError(t, os.Remove(s.recordPath()))
	s.runs()
	require.NoFileExists(t, s.recordPath(), "once a minute")
	s.noted = s.begun
	s.runs()
	require.FileExists(t, s.recordPath())
}
