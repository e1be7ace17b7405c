package tensor

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Entmax15Threshold computes for each row of the last axis, which stays with length 1, the number tau with
//
//	sum over i of max(a[i]/2 - tau, 0)**2 = 1
//
// whose terms are the 1.5-entmax of the row, a softmax with zeros (Peters, Niculae, Martins 2019, "Sparse
// sequence-to-sequence models", algorithm 2). A row with NaN or plus infinity has NaN.
func Entmax15Threshold(dst, a *Tensor) *Tensor {
	const op = "Entmax15Threshold"
	n, c := lastAxis(op, a)
	if c == 0 {
		fail(op, "maximum of nothing", a.shape)
	}
	var s Shapes
	dst = out(op, dst, s.ReduceKeep(op, a.shape, -1))
	apart(op, dst, a)
	p := entmaxes.Get()
	*p = entmaxing{dst.data, a.data, c}
	parallel.For(n, max(1, 4096/c), p)
	*p = entmaxing{}
	entmaxes.Put(p)
	return dst
}

// entmaxing is one call. It lives in a pool so that a call allocates nothing, and so do the rows that are sorted.
type entmaxing struct {
	dst, a []float32
	c      int
}

var (
	entmaxes   portions.Pool[entmaxing]
	entmaxRows portions.Pool[[]float64]
)

// Run computes the thresholds of rows lo to hi.
func (e *entmaxing) Run(lo, hi int) {
	row := entmaxRows.Get()
	*row = portions.Grow(*row, e.c)
	for i := lo; i < hi; i++ {
		for j, v := range e.a[i*e.c : (i+1)*e.c] {
			(*row)[j] = float64(v) / 2
		}
		e.dst[i] = float32(entmaxThreshold(*row))
	}
	entmaxRows.Put(row)
}

// entmaxThreshold sorts z and finds the tau of its k largest, for the largest k that are above it: of these,
// k (mean - tau)^2 + sum (z - mean)^2 = 1.
func entmaxThreshold(z []float64) float64 {
	slices.SortFunc(z, func(x, y float64) int {
		switch {
		case x > y || x != x: // NaN comes first
			return -1
		case x < y || y != y:
			return 1
		}
		return 0
	})
	top := z[0]
	tau, sum, squares := math.NaN(), 0.0, 0.0
	for i, v := range z {
		v -= top
		if i > 0 && !(v > tau) {
			break
		}
		k := float64(i + 1)
		sum, squares = sum+v, squares+v*v
		mean := sum / k
		tau = mean - math.Sqrt(max(0, (1-(squares-sum*mean))/k))
	}
	return tau + top
}
