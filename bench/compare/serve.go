package main

import (
	"io"
	"runtime"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
)

// serve is this project's own worker, and the yardstick's. GOMAXPROCS says how many threads there are.
func serve(in io.Reader, out io.Writer) error {
	if err := cpu.Err(); err != nil {
		return err
	}
	parallel.SetWorkers(runtime.GOMAXPROCS(0))
	return worker.Serve(in, out, ours, runtime.Version()+" "+cpu.Active().String(), ops)
}
