// Package program is the frame of the example programs: command lines and what is wrong with them, signals, and
// progress on a terminal or in a log.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main is the main function of the program called name. parse reads the command line, and writes the help to its
// writer if that is what is asked for, as [Flags.Parse] does; do does the work. Ctrl-C and SIGTERM end the context of
// do, with the signal as its cause; a second one ends the process at once.
//
// The exit status is 0 when do has done its work or the help was asked for, 1 when do fails, and 2 when the command
// line is wrong. What is wrong goes to standard error.
func Main[C any](name string, parse func(args []string, help io.Writer) (C, error), do func(ctx context.Context, cfg C, out io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, name, os.Args[1:], os.Stdout, os.Stderr, parse, do))
}

// run is Main without the process. It returns the exit status.
func run[C any](ctx context.Context, name string, args []string, out, complaints io.Writer,
	parse func([]string, io.Writer) (C, error), do func(context.Context, C, io.Writer) error) int {
	cfg, err := parse(args, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(complaints, "%s: %v\n%s -h says what can be chosen\n", name, err, name)
		return 2
	}
	if err := do(ctx, cfg, out); err != nil {
		fmt.Fprintln(complaints, Printable(fmt.Sprintf("%s: %v", name, err)))
		return 1
	}
	return 0
}
