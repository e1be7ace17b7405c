package autograd

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// hall is where the batch norms of several tapes, each of a goroutine, meet. Those of one tape come in their order.
type hall struct {
	sync.Mutex
	full    *sync.Cond
	parts   int
	came    []int                     // how often each has
	brought map[int]map[int][]float64 // by how often, and part
}

func (h *hall) gather(part int) func(*tensor.Tensor, bool, []float64) [][]float64 {
	return func(_ *tensor.Tensor, _ bool, own []float64) (all [][]float64) {
		h.Lock()
		defer h.Unlock()
		at := h.came[part]
		h.came[part]++
		if h.brought[at] == nil {
			h.brought[at] = map[int][]float64{}
		}
		h.brought[at][part] = slices.Clone(own)
		h.full.Broadcast()
		for len(h.brought[at]) < h.parts {
			h.full.Wait()
		}
		for i := range h.parts {
			all = append(all, h.brought[at][i])
		}
		return all
	}
}

// By parts on tapes of their own, unequal ones too, batch norm with all that may follow it is that of the whole batch.
func TestSyncBatchNormIsThatOfTheWholeBatch(t *testing.T) {
	for _, o := range norms() {
		for _, shapes := range o.shapes {
			t.Run(fmt.Sprint(o.with, " ", shapes), func(t *testing.T) {
				c := newOpCase(o, shapes)
				xs := inputs(NewTape(1), c.x)
				y := c.f(xs)
				want := append([]*Var{y}, VJP(y, Const(c.u), xs...)...)

				n := c.x[0].Dim(0)
				for _, cuts := range [][]int{{0, n}, {0, 1, n}, {0, n - 1, n}, {0, n / 2, n / 2, n}} { // the last with one of no rows
					got := inParts(c, cuts)
					for i := range want {
						require.Equal(t, want[i].Shape(), got[i].Shape())
						require.InDeltaSlice(t, want[i].Value().Data(), got[i].Data(), 2e-5*(1+fromTensor(want[i].value).maxAbs()), "cuts %v, %d", cuts, i)
					}
				}
			})
		}
	}
}

// inParts returns the value of a case and the gradients by its inputs, computed from rows that are cut.
func inParts(c *opCase, cuts []int) []*tensor.Tensor {
	parts := len(cuts) - 1
	h := &hall{parts: parts, came: make([]int, parts), brought: map[int]map[int][]float64{}}
	h.full = sync.NewCond(h)
	results := make([][]*Var, parts)
	var group sync.WaitGroup
	for p := range parts {
		group.Go(func() {
			tape := NewTape(1)
			tape.SyncBatchNorm(h.gather(p))
			var x []*tensor.Tensor
			for _, whole := range c.x {
				if len(whole.Shape()) > 1 {
					whole = whole.Slice(cuts[p], cuts[p+1])
				}
				x = append(x, whole)
			}
			xs := inputs(tape, x)
			y := c.f(xs)
			results[p] = append([]*Var{y}, VJP(y, Const(c.u.Slice(cuts[p], cuts[p+1])), xs...)...)
		})
	}
	group.Wait()
	var all []*tensor.Tensor
	for i, first := range results[0] {
		var ts []*tensor.Tensor
		sum := tensor.New(first.Shape()...)
		for _, r := range results {
			ts = append(ts, r[i].Value())
			if len(first.Shape()) == 1 {
				tensor.Add(sum, sum, r[i].Value())
			}
		}
		if len(first.Shape()) > 1 {
			sum = tensor.Concat(nil, 0, ts...)
		}
		all = append(all, sum)
	}
	return all
}

// Far from 0 the parts' means differ by less than a float32 tells apart there, and add up to the batch's nonetheless.
func TestSyncBatchNormFarFromZero(t *testing.T) {
	x := tensor.New(64, 1)
	for i := range x.Data() {
		x.Data()[i] = 1<<20 + float32(i%8)/8 + float32(i/32)/8
	}
	ones, zeros := Const(tensor.Full(1, 1)), Const(tensor.New(1))
	norm := func(x *Var) (tensor.Moments, *Var) {
		y, of, _ := BatchNorm(Norm{X: x, Gamma: ones, Beta: zeros, Eps: normEps}, Then{})
		return of, y
	}
	want, y := norm(NewTape(1).Input(x))
	tape := NewTape(1)
	other := tensor.BatchNormStats(tensor.Moments{}, x.Slice(32, 64), normEps)
	tape.SyncBatchNorm(func(_ *tensor.Tensor, _ bool, own []float64) [][]float64 {
		return [][]float64{own, {32, float64(other.Mean.Data()[0]) + float64(other.MeanLow.Data()[0]), float64(other.Variance.Data()[0])}}
	})
	got, part := norm(tape.Input(x.Slice(0, 32)))
	require.Equal(t, 64, got.Rows)
	require.InDelta(t, want.Variance.Data()[0], got.Variance.Data()[0], 1e-6)
	require.InDeltaSlice(t, y.value.Data()[:32], part.value.Data(), 1e-5)
}

func TestNoSecondDerivativesOfSyncBatchNorm(t *testing.T) {
	tape := NewTape(1)
	tape.SyncBatchNorm(func(_ *tensor.Tensor, _ bool, own []float64) [][]float64 { return [][]float64{own} })
	x := tape.Input(tensor.Full(2, 3, 1))
	y, _, _ := BatchNorm(Norm{X: x, Gamma: Const(tensor.Full(1, 1)), Beta: Const(tensor.New(1)), Eps: normEps}, Then{})
	require.PanicsWithValue(t, "autograd: BatchNorm: Grad through a synchronised one: second derivatives are not known", func() { Grad(y, nil, x) })
}
