package program

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/examples/internal/programtest"
)

type config struct{ blocks, most int }

func parse(args []string, help io.Writer) (config, error) {
	c := config{blocks: 9, most: 5}
	f := NewFlags("lab", "Lab does things.")
	f.IntVar(&c.blocks, "blocks", Range{3, 3000, 3}, "residual blocks")
	f.IntVar(&c.most, "most", Range{Least: -5, Most: 10}, "whatever")
	return c, f.Parse(args, help)
}

func TestStatusAndWhatIsSaid(t *testing.T) {
	broken := errors.New("disk full")
	for args, want := range map[string]struct {
		status          int
		out, complaints string
	}{
		"":                       {0, "9 5", ""},
		"-blocks 12 -most=-5":    {0, "12 -5", ""},
		"-blocks 12 -most=-5 -h": {0, "Lab does things.\n\nusage: lab [flags]\n\n  -blocks", ""},
		"-help":                  {0, "residual blocks: a multiple of 3 from 3 to 3,000 (default 9)", ""},
		"-blocks 13":             {2, "", "lab: invalid value \"13\" for flag -blocks: want a multiple of 3 from 3 to 3,000\nlab -h says what can be chosen\n"},
		"-blocks 0":              {2, "", "a multiple of 3 from 3 to 3,000"},
		"-blocks 3003":           {2, "", "a multiple of 3 from 3 to 3,000"},
		"-most 1e3":              {2, "", `invalid value "1e3" for flag -most: want -5 to 10`},
		"-most -6":               {2, "", "want -5 to 10"},
		"-most 11":               {2, "", "want -5 to 10"},
		"-such 1":                {2, "", "lab: flag provided but not defined: -such\n"},
		"here":                   {2, "", `lab: unexpected argument "here": want flags only`},
		"-most 10":               {1, "9 10", "lab: disk full\n"},
	} {
		var out, complaints bytes.Buffer
		status := run(t.Context(), "lab", strings.Fields(args), &out, &complaints, parse,
			func(_ context.Context, c config, out io.Writer) error {
				fmt.Fprintln(out, c.blocks, c.most)
				if c.most == 10 {
					return broken
				}
				return nil
			})
		require.Equal(t, want.status, status, args)
		require.Contains(t, out.String(), want.out, args)
		require.Contains(t, complaints.String(), want.complaints, args)
		require.Equal(t, want.complaints == "", complaints.Len() == 0, complaints.String())
		require.Equal(t, want.out == "", out.Len() == 0, out.String())
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"a b":         "",
		"-":           "",
		"a - b":       "",
		"a -such":     "-such behind a: flags come first, and a file of that name is ./-such",
		"-- -such -x": "-such behind -such: flags come first",
	} {
		f := NewFlags("see", "See looks.")
		f.Arguments = "[file ...]"
		err := f.Parse(strings.Fields(args), io.Discard)
		if want == "" {
			require.NoError(t, err, args)
			require.Equal(t, strings.Fields(args), f.Args())
		} else {
			require.ErrorContains(t, err, want, args)
		}
	}
	var help bytes.Buffer
	f := NewFlags("see", "See looks.")
	f.Arguments = "[file ...]"
	require.ErrorIs(t, f.Parse([]string{"-h"}, &help), flag.ErrHelp)
	require.Contains(t, help.String(), "\nusage: see [flags] [file ...]\n")
}

func TestMain(m *testing.M) {
	programtest.Child(patient)
	m.Run()
}

// patient is a program that waits for a signal, and for one more if its argument is "endless".
func patient() {
	Main("lab", func(args []string, _ io.Writer) (string, error) { return args[0], nil },
		func(ctx context.Context, patience string, out io.Writer) error {
			fmt.Fprintln(out, "begun")
			<-ctx.Done()
			if patience == "endless" {
				fmt.Fprintln(out, "asked")
				select {}
			}
			return fmt.Errorf("stopped: %w", context.Cause(ctx))
		})
}

// start runs the program until it has begun.
func start(t *testing.T, patience string) (process *exec.Cmd, out io.Reader, complaints *bytes.Buffer) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no process can send another one Ctrl-C")
	}
	p := programtest.Command(patience)
	complaints = &bytes.Buffer{}
	p.Stderr = complaints
	out, err := p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	reads(t, out, "begun\n")
	return p, out, complaints
}

func reads(t *testing.T, out io.Reader, want string) {
	t.Helper()
	text := make([]byte, len(want))
	_, err := io.ReadFull(out, text)
	require.NoError(t, err)
	require.Equal(t, want, string(text))
}

func TestASignalEndsTheContextAndIsItsCause(t *testing.T) {
	for signal, name := range map[os.Signal]string{os.Interrupt: "interrupt", syscall.SIGTERM: "terminated"} {
		p, _, complaints := start(t, "none")
		require.NoError(t, p.Process.Signal(signal))
		exit := &exec.ExitError{}
		require.ErrorAs(t, p.Wait(), &exit)
		require.Equal(t, 1, exit.ExitCode())
		require.Equal(t, "lab: stopped: "+name+" signal received\n", complaints.String())
	}
}

func TestASecondSignalEndsTheProcess(t *testing.T) {
	p, out, _ := start(t, "endless")
	require.NoError(t, p.Process.Signal(os.Interrupt))
	reads(t, out, "asked\n")
	ended := make(chan error, 1)
	go func() { ended <- p.Wait() }()
	for { // the first signal's handler is taken away while the program goes on
		_ = p.Process.Signal(os.Interrupt)
		select {
		case err := <-ended:
			exit := &exec.ExitError{}
			require.ErrorAs(t, err, &exit)
			require.False(t, exit.Exited(), "by the signal")
			return
		case <-time.After(time.Millisecond):
		}
	}
}
