package autograd

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// entmaxRef finds the threshold of each row by bisection.
func entmaxRef(a array) (p, tau array) {
	z := a.rows()
	n, c := z.shape[0], z.shape[1]
	p, tau = zeros(a.shape...), zeros(append(append([]int{}, a.shape[:len(a.shape)-1]...), 1)...)
	for i := range n {
		row := z.data[i*c : (i+1)*c]
		term := func(v, t float64) float64 { return math.Pow(math.Max(v/2-t, 0), 2) }
		top := math.Inf(-1)
		for _, v := range row {
			top = math.Max(top, v)
		}
		lo, hi := top/2-1, top/2
		for range 200 {
			mid, sum := (lo+hi)/2, 0.0
			for _, v := range row {
				sum += term(v, mid)
			}
			if sum > 1 {
				lo = mid
			} else {
				hi = mid
			}
		}
		tau.data[i] = lo
		for j, v := range row {
			p.data[i*c+j] = term(v, lo)
		}
	}
	return p, tau
}

// entmaxes are the rows of the table of ops for what file entmax.go has.
func entmaxes() []op {
	return []op{
		{name: "Entmax15", shapes: []string{"3x5", "2x1", "2x3x4", "5x17"}, f: func(v []*Var) *Var { return Entmax15(v[0]) },
			ref: func(a []array) array { p, _ := entmaxRef(a[0]); return p }},
		{name: "entmax15Threshold", shapes: []string{"3x5", "2x1", "2x3x4", "5x17"}, f: func(v []*Var) *Var { return entmax15Threshold(v[0]) },
			ref: func(a []array) array { _, tau := entmaxRef(a[0]); return tau }},
		{name: "Entmoid15", shapes: unary, domain: apartFromZero, f: func(v []*Var) *Var { return Entmoid15(v[0]) },
			ref: func(a []array) array {
				return a[0].each(func(x float64) float64 {
					p, _ := entmaxRef(array{[]int{1, 2}, []float64{x, 0}})
					return p.data[0]
				})
			}},
	}
}

func TestEntmaxIsSparseAndSumsToOne(t *testing.T) {
	a := tensor.From([]float32{1000, 1000, 998.1, 998, 3e38, 0, -3e38, 1, 5, 5, 5, 5}, 3, 4)
	p := Entmax15(Const(a)).Value()
	for i := range 3 {
		sum := 0.0
		for j := range 4 {
			sum += float64(p.At(i, j))
		}
		require.InDelta(t, 1, sum, 1e-6)
	}
	require.Equal(t, []float32{1, 0, 0, 0, 0.25, 0.25, 0.25, 0.25}, p.Data()[4:])
	require.Zero(t, p.At(0, 3))
	require.Equal(t, []float32{0, 0, 1, 1}, Entmoid15(Const(tensor.From([]float32{-3e38, -2, 2, 3e38}, 4))).Value().Data())
	nan := float32(math.NaN())
	require.True(t, math.IsNaN(float64(Entmax15(Const(tensor.From([]float32{1, nan, 0}, 3))).Value().At(2))))
}
