package main

import (
	"runtime"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

func init() {
	ops["multiply-add"] = multiplyAdd
	ops["copy"] = copyMemory
}

// yardstickOf is what a case is measured against.
func yardstickOf(c *Case) *worker.Case {
	if c.Copy {
		return &worker.Case{Op: "copy", Args: map[string]int{"n": int(c.Bytes / 8)}}
	}
	return &worker.Case{Op: "multiply-add", Args: map[string]int{}}
}

// multiplyAdd runs multiply-adds that wait for nothing on every thread.
func multiplyAdd(*worker.Case) worker.Ready {
	const steps = 20000
	level, workers := cpu.Active(), runtime.GOMAXPROCS(0)
	flops := tile.Peak(level, 1) * steps * float64(workers)
	if flops == 0 {
		panic(worker.ErrUnsupported)
	}
	spin := parallel.Func(func(lo, hi int) { tile.Peak(level, steps) })
	return worker.Ready{Call: func() { parallel.For(workers, 1, spin) }, Work: flops}
}

// copyMemory copies n float32, as many in a chunk as the vector kernels take.
func copyMemory(c *worker.Case) worker.Ready {
	const chunk = 1 << 14
	n := c.Arg("n")
	dst, src := make([]float32, n), make([]float32, n)
	for i := range src {
		src[i] = float32(i)
	}
	body := parallel.Func(func(lo, hi int) { copy(dst[lo:hi], src[lo:hi]) })
	return worker.Ready{Call: func() { parallel.For(n, chunk, body) }, Work: 8 * float64(n)}
}
