//go:build !race

package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// A training step calls hundreds of operations: with a destination none of them may leave garbage.
// (The race detector empties the pools that this rests on.)
func TestNoAllocationIntoADestination(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, workers := range []int{1, 2} {
			defer parallel.SetWorkers(workers)()
			for _, op := range largeOps(t) {
				require.LessOrEqual(t, steadyAllocs(func() { op.run(op.dst) }), 1.0, "%s with %d workers", op.name, workers)
			}
		}
	})
}

// steadyAllocs returns how much a call allocates once the pools are full. They grow when more workers than ever
// before happen to work at the same moment, which may be in any call, so a measurement with such a call is repeated.
func steadyAllocs(call func()) float64 {
	least := testing.AllocsPerRun(5, call)
	for range 4 {
		if least <= 1 {
			break
		}
		least = min(least, testing.AllocsPerRun(5, call))
	}
	return least
}

func TestSmallOperationsDoNotAllocate(t *testing.T) {
	a, b, c := tensor.New(3, 5), tensor.Full(1, 3, 5), tensor.Full(2, 5)
	d, s, tau := tensor.New(3, 5), tensor.New(5), tensor.New(3, 1)
	for name, f := range map[string]func(){
		"Add":         func() { tensor.Add(d, a, b) },
		"Add row":     func() { tensor.Add(d, a, c) },
		"Exp":         func() { tensor.Exp(d, a) },
		"Sum":         func() { tensor.Sum(s, a, 0) },
		"SumTo":       func() { tensor.SumTo(s, a, 5) },
		"BroadcastTo": func() { tensor.BroadcastTo(d, c, 3, 5) },
		"Max":         func() { tensor.Max(s, a, 0) },
		"Entmax":      func() { tensor.Entmax15Threshold(tau, a) },
		"At and Set":  func() { a.Set(a.At(1, 2), 2, 3) },
		"Equal":       func() { tensor.Equal(a, b) },
	} {
		require.Zero(t, testing.AllocsPerRun(200, f), name)
	}
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { a.Reshape(5, -1) }), 1.0, "a view is its header")
	require.LessOrEqual(t, testing.AllocsPerRun(200, func() { tensor.New(3, 5) }), 2.0, "header and elements")
}
