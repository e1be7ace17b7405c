// Lab is a local web page on which one takes a residual net apart by hand: delete blocks, drag them
// into another order, repeat them, and see within a second what becomes of the accuracy, of the
// paths and of the gradient that they carry.
//
//	go run ./examples/lab
//
// The first start trains the net, and a plain one to compare it with, which takes a minute or so; lab -h lists what
// can be chosen.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/examples/internal/program"
)

func main() { program.Main("lab", parse, do) }

// config is what the flags say.
type config struct {
	addr                  string
	model                 string
	blocks, width, epochs int
	seed                  uint64
}

const about = `Lab serves a web page on which one takes a residual net apart by hand, beside a plain one. It trains both at its first start.`

func parse(args []string, help io.Writer) (config, error) {
	cfg := config{blocks: 27, width: 8, epochs: 8}
	f := program.NewFlags("lab", about)
	f.StringVar(&cfg.addr, "addr", "127.0.0.1:8080", "`address` to listen on, of this machine only; port 0 takes a free one")
	f.StringVar(&cfg.model, "model", "", "`checkpoint` of a trained residual net with these blocks and this width (default: train one, once, and keep it in the user's cache)")
	f.IntVar(&cfg.blocks, "blocks", program.Range{Least: 3, Most: 30, Multiple: stages}, "residual blocks")
	f.IntVar(&cfg.width, "width", program.Range{Least: 1, Most: 64}, "channels of the first stage; the others have two and four times as many")
	f.IntVar(&cfg.epochs, "epochs", program.Range{Least: 1, Most: 1e6}, "how often training goes through the images")
	f.Uint64Var(&cfg.seed, "seed", 1, "of all random numbers")
	if err := f.Parse(args, help); err != nil {
		return cfg, err
	}
	return cfg, checkLoopback(cfg.addr)
}

// checkLoopback returns an error for addresses that other machines could reach: whoever reaches the
// page can keep this machine busy.
func checkLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if _, ok := ownHost(host); !ok {
		return fmt.Errorf("-addr %s: the page is for this machine only, so want localhost, 127.0.0.1 or [::1] and a port", addr)
	}
	return nil
}

// do serves the page until ctx is done. The page shows how the training goes, and then the net. Training that
// ctx stops is an error, which comes when the trainer has saved what is done.
func do(ctx context.Context, cfg config, log io.Writer) error {
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

// prepare trains or loads the nets and hands them to the page.
func prepare(ctx context.Context, cfg config, s *site, log io.Writer) error {
	out, images := program.NewOutput(log), fashion.Embedded()
	defer out.Clear()
	bar, start := out.Bar("lab: training"), time.Now()
	nets, err := trained(ctx, cfg, images, func(t trainingState) {
		s.training(t)
		bar.Note("%s net  epoch %d of %d  accuracy %.1f %%", t.Net, t.Epoch, t.Epochs, 100*t.Accuracy)
		bar.Show(t.Step, t.Steps)
		if t.Step == t.Steps {
			out.Printf("lab: trained in %v, kept for the next start", time.Since(start).Round(time.Second))
		}
	})
	if err != nil {
		return err
	}
	e, err := newExperiment(ctx, nets, images.Test, images.Train.Norm(), fashion.Classes[:])
	if err != nil {
		return err
	}
	s.ready(e)
	out.Printf("lab: ready: %d blocks, %.1f %% of %s test images right, without skips %.1f %%",
		len(e.blocks), 100*e.whole.Accuracy, program.Thousands(e.tested.Len()), 100*e.whole.Plain.Accuracy)
	return nil
}
