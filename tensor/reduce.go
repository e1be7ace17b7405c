package tensor

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/portions"
)

// Sum adds up a over the given axes, which are dropped, over all of them when none is given. A sum over
// nothing is 0. It is kept in float64 until it is complete: of finite numbers, only a sum that float32 does
// not hold is infinite.
func Sum(dst, a *Tensor, axes ...int) *Tensor { return sum.over(dst, a, axes) }

// SumKeep is [Sum], but the summed axes stay with length 1.
func SumKeep(dst, a *Tensor, axes ...int) *Tensor { return sumKeep.over(dst, a, axes) }

// Mean averages a over the given axes, which are dropped, over all of them when none is given, as [Sum]
// adds up: the mean of finite numbers is finite. A mean over nothing is NaN.
func Mean(dst, a *Tensor, axes ...int) *Tensor { return mean.over(dst, a, axes) }

// MeanKeep is [Mean], but the averaged axes stay with length 1.
func MeanKeep(dst, a *Tensor, axes ...int) *Tensor { return meanKeep.over(dst, a, axes) }

// A reduction is one way of adding up over axes.
type reduction struct {
	op         string
	mean, keep bool // divide by the number of terms; keep the axes
}

var (
	sum      = reduction{op: "Sum"}
	sumKeep  = reduction{op: "SumKeep", keep: true}
	mean     = reduction{op: "Mean", mean: true}
	meanKeep = reduction{op: "MeanKeep", mean: true, keep: true}
)

func (r reduction) over(dst, a *Tensor, axes []int) *Tensor {
	var s, t Shapes
	kept := s.ReduceKeep(r.op, a.shape, axes...)
	shape := kept
	if !r.keep {
		shape = t.Reduce(r.op, a.shape, axes...)
	}
	dst = out(r.op, dst, shape)
	apart(r.op, dst, a)
	sumTo(dst.data, a, kept, r.mean)
	return dst
}

// SumTo is the adjoint of [BroadcastTo]: it sums a over the axes that broadcasting a tensor of the
// given shape to the shape of a would repeat.
func SumTo(dst, a *Tensor, shape ...int) *Tensor {
	const op = "SumTo"
	if !broadcasts(shape, a.shape) {
		panic("tensor: SumTo: " + shapeString(a.shape) + " to " + shapeString(shape) + ": shapes do not broadcast")
	}
	var buf [8]int
	kept := buf[:0]
	for i := len(a.shape); i > 0; i-- {
		kept = append(kept, dimFromEnd(shape, i))
	}
	dst = out(op, dst, shape)
	apart(op, dst, a)
	sumTo(dst.data, a, kept, false)
	return dst
}

// Max returns the largest elements of a over the given axes, which are dropped, over all of them when none is
// given, by the rule of [Maximum]: NaN where there is one, +0 of two zeros. The maximum of nothing panics.
func Max(dst, a *Tensor, axes ...int) *Tensor {
	var s Shapes
	return maxOver("Max", dst, a, axes, s.Reduce("Max", a.shape, axes...))
}

// MaxKeep is [Max], but the axes stay with length 1.
func MaxKeep(dst, a *Tensor, axes ...int) *Tensor {
	var s Shapes
	return maxOver("MaxKeep", dst, a, axes, s.ReduceKeep("MaxKeep", a.shape, axes...))
}

var maxLoops portions.Pool[broadcast]

func maxOver(op string, dst, a *Tensor, axes, shape []int) *Tensor {
	dst = out(op, dst, shape)
	apart(op, dst, a)
	if len(dst.data) == 0 {
		return dst
	}
	if len(a.data) == 0 {
		fail(op, "maximum of nothing", a.shape)
	}
	var s Shapes
	loops := maxLoops.Get()
	loops.plan(a.shape, a.shape, s.ReduceKeep(op, a.shape, axes...))
	last := len(loops.dims) - 1
	n := loops.dims[last]
	vec.Fill(dst.data, float32(math.Inf(-1)))
	for r := range len(a.data) / n {
		_, at := loops.offsets(r, last)
		run := a.data[r*n : (r+1)*n]
		if loops.b[last] == 0 {
			dst.data[at] = max(dst.data[at], vec.MaxOf(run))
			continue
		}
		vec.Max(dst.data[at:at+n], dst.data[at:at+n], run)
	}
	maxLoops.Put(loops)
	return dst
}

// ArgMax returns, for each row of the last axis, the index of its largest element: the first one
// of equals (-0 equals +0), and of NaNs if there are any, as in PyTorch and NumPy. The result has one
// entry per row, in row-major order. What a classifier predicts is [Predictions].
func ArgMax(a *Tensor) []int {
	n, c := lastAxis("ArgMax", a)
	if n > 0 && c == 0 {
		fail("ArgMax", "maximum of nothing", a.shape)
	}
	best := make([]int, n)
	for r := range best {
		best[r] = vec.MaxIndex(a.data[r*c : (r+1)*c])
	}
	return best
}

// Predictions appends to dst, for each row of logits along the last axis, the class that they predict: the
// index of the largest, the first one of equals, or -1 if one is NaN or infinite. Such a row has no
// probabilities and predicts nothing; compared with a label it is wrong.
func Predictions(dst []int, logits *Tensor) []int {
	n, c := lastAxis("Predictions", logits)
	if n > 0 && c == 0 {
		fail("Predictions", "no classes", logits.shape)
	}
	for r := range n {
		dst = append(dst, predicted(logits.data[r*c:(r+1)*c]))
	}
	return dst
}

func predicted(logits []float32) int {
	best := 0
	for i, v := range logits {
		if v-v != 0 { // NaN for NaN and for infinities
			return -1
		}
		if v > logits[best] {
			best = i
		}
	}
	return best
}

// Dot returns the sum of a*b over all elements of two tensors of equal shape.
func Dot(a, b *Tensor) float64 {
	sameShape("Dot", a, b)
	return vec.Dot(a.data, b.data)
}

// MeanSquare returns the mean of the squares of a. They and their sum are taken in float64: for a finite a, only a
// mean that float32 does not hold is infinite.
func MeanSquare(a *Tensor) float32 { return float32(vec.Dot(a.data, a.data) / float64(len(a.data))) }

// Norm returns the Euclidean norm of a: the square root of the sum of its squares.
func Norm(a *Tensor) float64 { return math.Sqrt(vec.Dot(a.data, a.data)) }
