package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// python are the peers that bench/peers/worker.py speaks for.
var python = []string{"torch", "torch-channels-last", "torch-compile", "onnxruntime", "openvino", "numpy"}

// gomlx is the peer of the nested module bench/peers/gomlx.
const gomlx = "gomlx"

func peerNames() []string { return append(slices.Clone(python), gomlx) }

// The two workers that are no peers.
const (
	ours      = "ours"
	yardstick = "yardstick"
)

// peers are the running workers for one number of threads.
type peers struct {
	ctx     context.Context
	options *options
	folder  string // of tensors and programs
	source  string // bench/peers
	threads int
	running map[string]*process
	missing map[string]string // why a peer does not run
	gomlx   string            // the program, once built
}

func newPeers(ctx context.Context, o *options) (*peers, error) {
	for _, name := range o.peers {
		if !slices.Contains(peerNames(), name) {
			return nil, fmt.Errorf("-peers: no peer %q, want %v", name, peerNames())
		}
	}
	source, err := findSource()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return nil, err
	}
	return &peers{
		ctx: ctx, options: o, folder: folder, source: source,
		running: map[string]*process{}, missing: map[string]string{},
	}, nil
}

// findSource looks for bench/peers from the working folder upwards.
func findSource() (string, error) {
	at, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		source := filepath.Join(at, "bench", "peers")
		if _, err := os.Stat(filepath.Join(source, "worker.py")); err == nil {
			return source, nil
		}
		up := filepath.Dir(at)
		if up == at {
			return "", fmt.Errorf("bench/peers/worker.py is neither here nor above: run this within the repository")
		}
		at = up
	}
}

// get returns a running worker, or nil and why there is none.
func (p *peers) get(name string) (*process, string) {
	if w := p.running[name]; w != nil {
		return w, ""
	}
	if why, ok := p.missing[name]; ok {
		return nil, why
	}
	cmd, err := p.command(name)
	if err == nil {
		var w *process
		if w, err = start(name, cmd); err == nil {
			p.running[name] = w
			fmt.Fprintf(os.Stderr, "%s: %s\n", name, w.hello.Version)
			return w, ""
		}
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: run bench/peers/setup or use -python", err)
		}
	}
	p.missing[name] = err.Error()
	fmt.Fprintf(os.Stderr, "%s is missing: %v\n", name, err)
	return nil, err.Error()
}

// command makes the command line of a worker.
func (p *peers) command(name string) (*exec.Cmd, error) {
	cmd := new(exec.Cmd)
	switch name {
	case ours, yardstick:
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		cmd = exec.Command(self, "serve")
	case gomlx:
		if err := p.build(); err != nil {
			return nil, err
		}
		cmd = exec.Command(p.gomlx, strconv.Itoa(p.threads))
	default:
		cmd = exec.Command(p.interpreter(), filepath.Join(p.source, "worker.py"), name, strconv.Itoa(p.threads))
	}
	cmd.Env = environment(os.Environ(), p.threads)
	return cmd, nil
}

// interpreter returns the Python that has the peers.
func (p *peers) interpreter() string {
	if p.options.python != "" {
		return p.options.python
	}
	return filepath.Join(p.source, ".venv", "bin", "python")
}

// build compiles the worker of the nested module.
func (p *peers) build() error {
	if p.gomlx != "" {
		return nil
	}
	program := filepath.Join(p.folder, "gomlx")
	cmd := exec.Command("go", "build", "-o", program, ".")
	cmd.Dir = filepath.Join(p.source, gomlx)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w: %s", err, said)
	}
	p.gomlx = program
	return nil
}

// environment sets the number of threads for everyone, and lets OpenBLAS choose its kernels by what
// the processor has.
func environment(env []string, threads int) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(s string) bool {
		return strings.HasPrefix(s, "OPENBLAS_CORETYPE=") || strings.HasPrefix(s, "OPENBLAS_L2_SIZE=")
	})
	for _, name := range []string{"GOMAXPROCS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} {
		env = append(env, name+"="+strconv.Itoa(threads))
	}
	return env
}

// drop forgets a worker that died; it is started again when needed.
func (p *peers) drop(name string) {
	if w := p.running[name]; w != nil {
		w.close()
		delete(p.running, name)
	}
}

// stop ends all workers.
func (p *peers) stop() {
	for name := range p.running {
		p.drop(name)
	}
}

func (p *peers) close() {
	p.stop()
	_ = os.RemoveAll(p.folder)
}
