//go:build !race

package autograd

import (
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

// After the first steps, a step allocates a few small things, whatever the batch.
func TestStepsAllocateLittle(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection would empty the kernels' sync.Pools
	measure := func(n int) (allocs, bytes float64) {
		tape := NewTape(1)
		step := stepper(newSmallNet(), tape, n)
		for range 3 {
			step()
		}
		const steps = 10
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range steps {
			step()
		}
		runtime.ReadMemStats(&after)
		allocs = float64(after.Mallocs-before.Mallocs) / steps
		bytes = float64(after.TotalAlloc-before.TotalAlloc) / steps
		t.Logf("batch %d: %d ops recorded, %v allocations, %v bytes a step", n, tape.n, allocs, bytes)
		require.Less(t, allocs, 0.3*float64(tape.n))
		return allocs, bytes
	}
	few, small := measure(4)
	many, large := measure(64)
	require.InDelta(t, few, many, 10)
	require.InDelta(t, small, large, 20_000)
}
