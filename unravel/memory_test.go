package unravel

import (
	"context"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
)

// heap returns the bytes that are in use.
func heap() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// observer calls see whenever somebody asks whether it is done.
type observer struct {
	context.Context
	see func()
}

func (o observer) Err() error { o.see(); return nil }

// The gradients of all lengths of 54 blocks need less than three times the memory of one ordinary backward
// pass: what its tape holds when it is over, that is all it had at once, and the gradients of the weights.
func TestMemoryOfGradientByLength(t *testing.T) {
	net, batch := newDeepNet(10)
	lengths := func(ctx context.Context) {
		_, err := GradientByLength(ctx, net, batch, -1, nil)
		require.NoError(t, err)
	}
	lengths(context.Background()) // once for what kernels and tapes keep for good
	before, peak := heap(), 0.0
	asked := 0
	lengths(observer{context.Background(), func() {
		if asked++; asked%20 == 0 { // once in most blocks, at a length that changes
			peak = max(peak, heap())
		}
	}})
	ours := peak - before

	before = heap()
	tape := evaluationTape()
	tape.Backward(autograd.CrossEntropy(Forward(net, tape.Input(batch.X)), batch.Labels, 0))
	ordinary := heap() - before
	runtime.KeepAlive(tape)
	t.Logf("%.1f MB, an ordinary backward pass %.1f MB: %.2f times", ours/1e6, ordinary/1e6, ours/ordinary)
	require.Less(t, ours, 3*ordinary)
}
