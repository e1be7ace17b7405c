// Command gomlx is the worker of bench/compare for GoMLX with its backend in pure Go: gomlx THREADS.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/gomlx/gomlx/backends"
	"github.com/gomlx/gomlx/backends/simplego"
	"github.com/gomlx/gomlx/pkg/core/graph"
	"github.com/gomlx/gomlx/pkg/core/tensors"

	"github.com/residuum-go/residuum/bench/worker"
)

const version = "v0.26.0, backend go"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	threads, err := strconv.Atoi(os.Args[1])
	if err != nil {
		return err
	}
	replies := os.Stdout
	os.Stdout = os.Stderr // the backend prints its configuration
	if threads == 1 {
		threads = 0 // the backend then starts no workers
	}
	backend, err := simplego.New(fmt.Sprintf("parallelism=%d", threads))
	if err != nil {
		return err
	}
	return worker.Serve(os.Stdin, replies, "gomlx", version, map[string]worker.Prepare{
		"gemm":         func(c *worker.Case) worker.Ready { return gemm(backend, c) },
		"conv forward": func(c *worker.Case) worker.Ready { return conv(backend, c) },
	})
}

func gemm(backend backends.Backend, c *worker.Case) worker.Ready {
	a, b := []int{c.Arg("m"), c.Arg("k")}, []int{c.Arg("k"), c.Arg("n")}
	ca, cb := 1, 0
	if c.Arg("ta") == 1 {
		a[0], a[1], ca = a[1], a[0], 0
	}
	if c.Arg("tb") == 1 {
		b[0], b[1], cb = b[1], b[0], 1
	}
	return ready(backend, "c", func(x, y *graph.Node) *graph.Node {
		return graph.DotGeneral(x, []int{ca}, nil, y, []int{cb}, nil)
	}, tensors.FromFlatDataAndDimensions(c.Input("a"), a...), tensors.FromFlatDataAndDimensions(c.Input("b"), b...))
}

func conv(backend backends.Backend, c *worker.Case) worker.Ready {
	pad := [2]int{c.Arg("pad"), c.Arg("pad")}
	return ready(backend, "y", func(x, w *graph.Node) *graph.Node {
		return graph.Convolve(x, w).Strides(c.Arg("stride")).PaddingPerDim([][2]int{pad, pad}).Done()
	}, tensors.FromFlatDataAndDimensions(c.Input("x"), c.Arg("n"), c.Arg("h"), c.Arg("w"), c.Arg("c")),
		tensors.FromFlatDataAndDimensions(c.Input("w"), c.Arg("r"), c.Arg("r"), c.Arg("c"), c.Arg("k")))
}

// ready compiles a graph of two inputs.
func ready(backend backends.Backend, output string, f func(x, y *graph.Node) *graph.Node, x, y *tensors.Tensor) worker.Ready {
	exec, err := graph.NewExec(backend, f)
	if err != nil {
		panic(err)
	}
	var last *tensors.Tensor
	return worker.Ready{
		Call: func() {
			if last != nil {
				last.MustFinalizeAll() // gives its memory back for the next
			}
			last = exec.MustExec(x, y)[0]
		},
		Outputs: func() map[string][]float32 {
			v, err := tensors.CopyFlatData[float32](last)
			if err != nil {
				panic(err)
			}
			return map[string][]float32{output: v}
		},
	}
}
