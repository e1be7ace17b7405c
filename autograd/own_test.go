package autograd

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// The ops here have no derivative to compare with finite differences of their value.

func TestDetach(t *testing.T) {
	tape := NewTape(1)
	x := tape.Input(tensor.From([]float32{2, 3}, 2))
	y := Mul(Detach(Square(x)), x) // differentiates as if x^2 were a constant
	require.Equal(t, []float32{8, 27}, y.Value().Data())
	require.Equal(t, []float32{4, 9}, VJP(y, nil, x)[0].Value().Data())

	d := Detach(x)
	require.Same(t, tape, d.Tape(), "parameters used beside it must still train")
	require.Equal(t, []float32{0, 0}, VJP(Square(d), nil, x)[0].Value().Data())
	c := Const(tensor.New(2))
	require.Same(t, c, Detach(c))
}

func TestDropout(t *testing.T) {
	const n, p = 100_001, 0.3
	tape := NewTape(7)
	x := tape.Input(tensor.Full(1, n))
	y := Dropout(x, p)
	dropped, both := 0, 0
	for i, v := range y.Value().Data() {
		if v == 0 {
			dropped++
			if i%2 == 1 && y.Value().At(i-1) == 0 {
				both++
			}
		} else {
			require.InDelta(t, 1/(1-p), v, 1e-6)
		}
	}
	sd := math.Sqrt(n * p * (1 - p))
	require.InDelta(t, n*p, dropped, 5*sd)
	require.InDelta(t, n/2*p*p, both, 5*sd, "neighbours are independent")
	requireSameBits(t, y.Value(), VJP(y, nil, x)[0].Value(), "gradient is the mask")

	again := NewTape(7)
	requireSameBits(t, y.Value(), Dropout(again.Input(x.Value()), p).Value(), "same seed")
	require.False(t, tensor.Equal(y.Value(), Dropout(x, p).Value()), "drawn anew")

	tape.SetTraining(false)
	require.Same(t, x, Dropout(x, p))
	c := Const(x.Value())
	require.Same(t, c, Dropout(c, p))
	for _, bad := range []float32{-0.1, 1, float32(math.NaN())} {
		require.Panics(t, func() { Dropout(x, bad) })
	}
}

func TestDropoutOfWhatIsNotFinite(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		mask := Dropout(NewTape(7).Input(tensor.Full(1, 1000)), 0.5).Value()
		for _, v := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
			x := NewTape(7).Input(tensor.Full(float32(v), 1000))
			y := Dropout(x, 0.5)
			g := VJP(y, Const(x.Value()), x)[0].Value()
			for i, m := range mask.Data() {
				want := float32(0)
				if m != 0 {
					want = float32(v)
				}
				require.True(t, kerneltest.SameFloat(want, y.Value().At(i)), "%v at %d: %v", v, i, y.Value().At(i))
				require.True(t, kerneltest.SameFloat(want, g.At(i)), "gradient %v at %d: %v", v, i, g.At(i))
			}
		}
	})
}
