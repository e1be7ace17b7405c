package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/bench/worker"
)

// The test binary is also a worker, of the kind that this variable names.
const fake = "RESIDUUM_FAKE_WORKER"

func TestMain(m *testing.M) {
	switch os.Getenv(fake) {
	case "":
		os.Exit(m.Run())
	case "good":
		exit(worker.Serve(os.Stdin, os.Stdout, "good", "1", map[string]worker.Prepare{"double": double, "die": die, "panic": func(*worker.Case) worker.Ready { panic("no such thing") }}))
	case "dumb":
		fmt.Println("this is no protocol")
		time.Sleep(time.Minute)
	case "silent":
		time.Sleep(time.Minute)
	}
}

func double(c *worker.Case) worker.Ready {
	x, y := c.Input("x"), make([]float32, c.Arg("n"))
	call := func() {
		for i, v := range x {
			y[i] += 2 * v
		}
	}
	return worker.Ready{Call: call, Outputs: func() map[string][]float32 { return map[string][]float32{"y": y} }, Work: 7}
}

func die(*worker.Case) worker.Ready {
	fmt.Fprintln(os.Stderr, "cannot go on")
	os.Exit(3)
	return worker.Ready{}
}

func fakeCommand(t *testing.T, kind string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), fake+"="+kind)
	return cmd
}

func startFake(t *testing.T, kind string) *process {
	t.Helper()
	p, err := start(kind, fakeCommand(t, kind))
	require.NoError(t, err)
	t.Cleanup(p.close)
	return p
}

func TestWorkerRunsACase(t *testing.T) {
	p := startFake(t, "good")
	require.Equal(t, "1", p.hello.Version)
	dir := t.TempDir()
	require.NoError(t, worker.WriteFile(dir+"/x", []float32{1, -2.5}))
	c := &worker.Case{
		Op: "double", Args: map[string]int{"n": 2}, Check: 3,
		Inputs:  []worker.Tensor{{Name: "x", Shape: []int{2}, Path: dir + "/x"}},
		Outputs: map[string]string{"y": dir + "/y"},
	}
	ctx := context.Background()
	r, err := p.ask(ctx, &worker.Request{Do: "prepare", Case: c})
	require.NoError(t, err)
	require.Equal(t, 7.0, r.Work)
	y, err := worker.ReadFile(dir + "/y")
	require.NoError(t, err)
	require.Equal(t, []float32{6, -15}, y, "after Check calls")

	r, err = p.ask(ctx, &worker.Request{Do: "run", Calls: 100})
	require.NoError(t, err)
	require.Positive(t, r.Nanoseconds)
	_, err = p.ask(ctx, &worker.Request{Do: "memory"})
	require.NoError(t, err)
}

func TestWorkerSaysWhatItCannotDo(t *testing.T) {
	p := startFake(t, "good")
	ctx := context.Background()
	r, err := p.ask(ctx, &worker.Request{Do: "prepare", Case: &worker.Case{Op: "fly"}})
	require.NoError(t, err)
	require.True(t, r.Unsupported)

	_, err = p.ask(ctx, &worker.Request{Do: "prepare", Case: &worker.Case{Op: "panic"}})
	require.ErrorContains(t, err, "good: prepare: no such thing")
	require.NotErrorIs(t, err, errDied)

	_, err = p.ask(ctx, &worker.Request{Do: "hello"})
	require.NoError(t, err, "it can still be asked")
}

func TestDeadWorkerIsAClearError(t *testing.T) {
	p := startFake(t, "good")
	_, err := p.ask(context.Background(), &worker.Request{Do: "prepare", Case: &worker.Case{Op: "die"}})
	require.ErrorIs(t, err, errDied)
	require.ErrorContains(t, err, `good: worker died at "prepare"`)
	require.ErrorContains(t, err, "exit status 3")
	require.ErrorContains(t, err, "cannot go on")
	_, err = p.ask(context.Background(), &worker.Request{Do: "hello"})
	require.ErrorIs(t, err, errDied, "asked again")
}

func TestAnswerThatIsNoJSONIsAnError(t *testing.T) {
	_, err := start("dumb", fakeCommand(t, "dumb"))
	require.ErrorIs(t, err, errDied)
	require.ErrorContains(t, err, "this is no protocol")
}

func TestCancelledQuestionEndsTheWorker(t *testing.T) {
	p := startFake(t, "good")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := p.ask(ctx, &worker.Request{Do: "memory"})
	if err != nil { // it may have answered before it was ended
		require.ErrorIs(t, err, context.Canceled)
	}
	<-p.ended
}

func TestMissingProgramIsAnError(t *testing.T) {
	_, err := start("none", exec.Command(t.TempDir()+"/none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
