package unravel

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
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
		_, err := gradientOf(ctx, net, batch, 0)
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

// Evaluate keeps no more states than Memory allows, whatever the plans; what else it needs does not grow
// with their number.
func TestMemoryOfEvaluate(t *testing.T) {
	if testing.Short() {
		t.Skip("collects garbage hundreds of times")
	}
	const n, state = 16, 256 << 10 // bytes
	same := func(y *autograd.Var) *autograd.Var { return y }
	net := &toy{stem: same, head: func(y *autograd.Var) *autograd.Var { return autograd.Mean(y, 2) }}
	for range n {
		net.blocks = append(net.blocks, toyBlock{branch: func(y *autograd.Var) *autograd.Var { return autograd.Scale(y, 0.5) }})
	}
	batch := data.Batch{X: tensor.New(2, 4, state/4/8), Labels: []int{0, 1}}
	plans := DeleteRandom(ofLen(n), 8, 100, rand.New(rand.NewPCG(1, 1)))
	peak := func(memory int64) float64 {
		s := Study{net: net, batches: []data.Batch{batch}, opts: Options{Memory: memory}}
		most, before := 0.0, heap()
		s.opts.Progress = func(done, _ int) {
			if done%3 == 0 {
				most = max(most, heap()-before)
			}
		}
		_, err := s.Evaluate(t.Context(), plans)
		require.NoError(t, err)
		return most / state
	}
	none, three, all := peak(1), peak(3*state), peak(1<<40)
	t.Logf("states at once: %.1f, %.1f, %.1f", none, three, all)
	require.LessOrEqual(t, three, none+3.5)
	require.Greater(t, all, three+0.5)
}
