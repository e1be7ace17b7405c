// Serve answers over HTTP what is on pictures: a page to try it, JSON and raw numbers for programs, of one model or several.
//
//	go run ./examples/serve                         a net that knows clothes, http://127.0.0.1:8080/
//	go run ./examples/serve pets.safetensors r50=resnet50-0676ba61.pth
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/residuum-go/residuum/examples/internal/classifier"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/serve"
)

func main() { program.Main("serve", parse, do) }

// config is what the command line chooses.
type config struct {
	listen, tokenFile       string
	classes, preset         string
	batch, queue, megabytes int
	megapixels              int
	wait, timeout, drain    time.Duration
	verbose                 bool
	models                  []string
}

const about = `Serve answers over HTTP what is on pictures: a page at / to try it, and for programs

  curl -H 'Content-Type: image/jpeg' --data-binary @cat.jpg http://127.0.0.1:8080/v1/models/NAME/classify

Models are files of nets, as classify takes them, each under its own name or as name=file; without any it
is a net of clothes that is part of the program. A file that is replaced is loaded, and takes its place
without a request being lost. Ctrl-C and SIGTERM end it when all that it has accepted is answered.

Requests must bear the token in the file -token-file or in the environment variable RESIDUUM_TOKEN, if
there is one. The log is JSON, on standard error.`

func parse(args []string, help io.Writer) (config, error) {
	c := config{batch: 32, queue: 256, megabytes: 16, megapixels: 32}
	f := program.NewFlags("serve", about)
	f.Arguments = "[[name=]file ...]"
	f.StringVar(&c.listen, "listen", "127.0.0.1:8080", "`address` to listen on; port 0 takes a free one")
	f.StringVar(&c.tokenFile, "token-file", "", "`file` with the token that requests must bear")
	f.StringVar(&c.classes, "classes", "", "`file` with the names of the classes, a line each, for all models")
	f.StringVar(&c.preset, "preset", "", "how pictures become inputs, by the `name` of published weights, for all models")
	f.IntVar(&c.batch, "batch", program.Range{Least: 1, Most: 1024}, "images that a net takes at a time, at most")
	f.DurationVar(&c.wait, "wait", 2*time.Millisecond, "time that an image waits for others, at most")
	f.IntVar(&c.queue, "queue", program.Range{Least: 1, Most: 1e6}, "requests and images that are accepted at once")
	f.IntVar(&c.megabytes, "body", program.Range{Least: 1, Most: 1024}, "MiB of a request, at most")
	f.IntVar(&c.megapixels, "pixels", program.Range{Least: 1, Most: 178}, "millions of pixels of a picture, at most")
	f.DurationVar(&c.timeout, "timeout", 30*time.Second, "time from a request to its answer, at most")
	f.DurationVar(&c.drain, "drain", 500*time.Millisecond, "time for which requests are still taken when it ends, not being ready")
	f.BoolVar(&c.verbose, "v", false, "log requests that are answered, too")
	err := f.Parse(args, help)
	c.models = f.Args()
	for name, d := range map[string]time.Duration{"wait": c.wait, "timeout": c.timeout, "drain": c.drain} {
		if err == nil && d <= 0 {
			err = fmt.Errorf("-%s %v: want more than 0", name, d)
		}
	}
	return c, err
}

func do(ctx context.Context, c config, _ io.Writer) error {
	level := slog.LevelInfo
	if c.verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	token, err := c.token()
	if err != nil {
		return err
	}
	m := newMetrics()
	s, err := serve.New(serve.Config{
		Models: c.sources(log), Batch: c.batch, Wait: c.wait, Queue: c.queue, Body: int64(c.megabytes) << 20, Pixels: c.megapixels * 1e6,
		Timeout: c.timeout, Drain: c.drain, Token: token, Log: log, Observer: m, Metrics: m.handler(),
	})
	if err != nil {
		return err
	}
	m.watch(s.Held)
	listener, err := net.Listen("tcp", c.listen)
	if err != nil {
		return fmt.Errorf("%w: choose another address with -listen", err)
	}
	if a, ok := listener.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() && token == "" {
		log.Warn("other machines can reach this server, and need no token")
	}
	return s.Serve(ctx, listener)
}

// token returns the token that requests must bear, or "". It is never a flag, which ps shows to everybody.
func (c config) token() (string, error) {
	if c.tokenFile == "" {
		return os.Getenv("RESIDUUM_TOKEN"), nil
	}
	text, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return "", err
	}
	token := strings.TrimSpace(string(text))
	if token == "" {
		return "", errors.New(c.tokenFile + ": there is no token in this file")
	}
	return token, nil
}

// sources returns where the models come from.
func (c config) sources(log *slog.Logger) (all []serve.Source) {
	if len(c.models) == 0 {
		return []serve.Source{c.source("clothes", "", log)}
	}
	for _, arg := range c.models {
		name, file, named := strings.Cut(arg, "=")
		if !named {
			file = arg
			name = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		all = append(all, c.source(name, file, log))
	}
	return all
}

func (c config) source(name, file string, log *slog.Logger) serve.Source {
	return serve.Source{Name: name, File: file, Load: func() (*serve.Model, error) {
		m, err := classifier.Open(classifier.Options{Net: file, Classes: c.classes, Preset: c.preset})
		if err != nil {
			return nil, err
		}
		for _, note := range m.Notes {
			log.Info("model", "name", name, "note", note)
		}
		return &serve.Model{
			Net: m.Net, H: m.In.Height, W: m.In.Width, C: m.In.Channels, Probabilities: m.Probabilities,
			Classes: m.Card.Classes, Input: m.Input,
		}, nil
	}}
}
