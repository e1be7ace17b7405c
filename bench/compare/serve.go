package main

import (
	"io"
	"runtime"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/bench/worker"
)

// serve is this project's own worker, and the yardstick's. GOMAXPROCS says how many threads there are.
func serve(in io.Reader, out io.Writer) error {
	return worker.Serve(in, out, ours, runtime.Version()+" "+residuum.Level(), ops)
}
