// Lab is a local web page on which one takes a residual net apart by hand: delete blocks, drag them
// into another order, repeat them, and see within a second what becomes of the accuracy, of the
// paths and of the gradient that they carry.
//
//	go run ./examples/lab
//
// The first start trains the net, which takes a minute or so; lab -h lists what can be chosen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/train"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	cfg, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if err := do(ctx, cfg, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

// config is what the flags say.
type config struct {
	addr                  string
	model                 string
	blocks, width, epochs int
	seed                  uint64
}

func parse(args []string, log io.Writer) (cfg config, err error) {
	f := flag.NewFlagSet("lab", flag.ContinueOnError)
	f.SetOutput(log)
	f.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "`address` to listen on, of this machine only; port 0 takes a free one")
	f.StringVar(&cfg.model, "model", "", "`checkpoint` of a trained net with these blocks and this width (default: train one, once, and keep it in the user's cache)")
	f.IntVar(&cfg.blocks, "blocks", 15, "residual blocks, a multiple of 3 up to 30")
	f.IntVar(&cfg.width, "width", 8, "channels of the first stage; the others have two and four times as many")
	f.IntVar(&cfg.epochs, "epochs", 8, "how often training goes through the images")
	f.Uint64Var(&cfg.seed, "seed", 1, "of all random numbers")
	if err := f.Parse(args); err != nil {
		return cfg, err
	}
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("lab: %q: want flags only", f.Arg(0))
	case cfg.blocks < 3 || cfg.blocks > 30 || cfg.blocks%stages != 0:
		err = fmt.Errorf("lab: -blocks %d: want a multiple of 3 from 3 to 30", cfg.blocks)
	case cfg.width < 1 || cfg.width > 64:
		err = fmt.Errorf("lab: -width %d: want 1 to 64", cfg.width)
	case cfg.epochs < 1 || cfg.epochs > 1e6:
		err = fmt.Errorf("lab: -epochs %d: want 1 to 1,000,000", cfg.epochs)
	default:
		err = checkLoopback(cfg.addr)
	}
	return cfg, err
}

// checkLoopback returns an error for addresses that other machines could reach: whoever reaches the
// page can keep this machine busy.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("lab: -addr: %w", err)
	}
	if _, ok := ownHost(host); !ok {
		return fmt.Errorf("lab: -addr %s: the page is for this machine only, so want localhost, 127.0.0.1 or [::1] and a port", addr)
	}
	return nil
}

// do serves the page until ctx is done. The page shows how the training goes, and then the net. Training that
// ctx stops is an error, which comes when the trainer has saved what is done.
func do(ctx context.Context, cfg config, log io.Writer) error {
	if err := cpu.Err(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.addr)
	if err != nil {
		return fmt.Errorf("%w: choose another address with -addr", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := newSite()
	server := &http.Server{
		Handler:                      s.handler(),
		DisableGeneralOptionsHandler: true, // ours answers
		BaseContext:                  func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout:            10 * time.Second,
		ReadTimeout:                  30 * time.Second,
		IdleTimeout:                  2 * time.Minute,
	}
	fmt.Fprintf(log, "lab: open http://%s/ in a browser, Ctrl-C ends\n", listener.Addr())
	served, prepared := make(chan error, 1), make(chan error, 1)
	go func() { served <- server.Serve(explaining{listener}) }()
	go func() {
		err := prepare(ctx, cfg, s, log)
		if err != nil {
			cancel()
		}
		prepared <- err
	}()
	select {
	case err = <-served:
		cancel()
	case <-ctx.Done():
	}
	err = errors.Join(err, <-prepared) // training saves what is done
	patience, stop := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer stop()
	_ = server.Shutdown(patience) // what is not done by then is given up
	return err
}

// prepare trains or loads the net and hands it to the page.
func prepare(ctx context.Context, cfg config, s *site, log io.Writer) error {
	images := fashion.Embedded()
	printer := train.NewPrinter(log, "lab: training")
	model, err := trained(ctx, cfg, images, func(p train.Progress) {
		s.training(p)
		printer.Show(p)
	})
	printer.Close()
	if err != nil {
		return err
	}
	e, err := newExperiment(ctx, model, images.Test, images.Train.Norm(), fashion.Classes[:])
	if err != nil {
		return err
	}
	s.ready(e)
	fmt.Fprintf(log, "lab: ready: %d blocks, %.1f %% of %d test images right\n", model.Len(), 100*e.whole.Accuracy, e.tested.Len())
	return nil
}
