package tensor

import (
	"math"

	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Interpolation says how [Resize] makes a pixel o, of out along an axis, of the n that there are.
type Interpolation uint8

// Ways to interpolate, under the names of PyTorch's interpolate.
const (
	// Nearest: pixel o*n/out, rounded down.
	Nearest Interpolation = iota
	// Bilinear: what lies at (o + 1/2) n/out - 1/2 on the line through the two neighbours, but not before the first or
	// behind the last: align_corners is false.
	Bilinear
	// BilinearCorners: what lies at o (n-1)/(out-1), so that the corners stay where they are: align_corners is true.
	BilinearCorners
	// Area: the mean of pixels o*n/out, rounded down, to (o+1)*n/out, rounded up: adaptive average pooling.
	Area
)

// Resize makes images of another size: [N,H,W,C] -> [N,size.H,size.W,C]. Nothing is smoothed before.
func Resize(dst, x *Tensor, size HW, by Interpolation) *Tensor {
	const op = "Resize"
	var s Shapes
	dst = out(op, dst, s.Resize(x.shape, size))
	apart(op, dst, x)
	resample(dst, x, by, false)
	return dst
}

// ResizeGrad is the gradient of [Resize] with respect to x of shape xShape = [N,H,W,C], its adjoint: a pixel gets its
// share of each g [N,OH,OW,C] that it was part of.
func ResizeGrad(dst, g *Tensor, xShape []int, by Interpolation) *Tensor {
	const op = "ResizeGrad"
	checkPixels(op, xShape)
	checkPixels(op, g.shape)
	mustBe(op, "g", g, xShape[0], g.shape[1], g.shape[2], xShape[3])
	dst = out(op, dst, xShape)
	apart(op, dst, g)
	resample(dst, g, by, true)
	return dst
}

// taps says along one axis what each pixel is made of: pixel o of taps[first[o]:first[o+1]].
type taps struct {
	first []int
	taps  []tap
	count []int // of the adjoint's, while it is made
}

type tap struct {
	at     int
	weight float32
}

// make fills t with how out pixels are made of n.
func (t *taps) make(by Interpolation, n, out int) {
	t.first, t.taps = append(t.first[:0], 0), t.taps[:0]
	for o := range out {
		switch lo := portions.Share(n, o, out); by {
		case Nearest:
			t.add(lo, 1)
		case Area:
			hi := portions.Share(n, o+1, out)
			if int64(hi)*int64(out) < int64(o+1)*int64(n) {
				hi++
			}
			for i := lo; i < hi; i++ {
				t.add(i, 1/float32(hi-lo))
			}
		default:
			at := max((float64(o)+0.5)*float64(n)/float64(out)-0.5, 0)
			if by == BilinearCorners {
				at = float64(o) * float64(n-1) / float64(max(out-1, 1))
			}
			i := min(int(at), n-1)
			if rest := at - math.Floor(at); rest > 0 && i < n-1 {
				t.add(i, float32(1-rest))
				t.add(i+1, float32(rest))
			} else {
				t.add(i, 1)
			}
		}
		t.first = append(t.first, len(t.taps))
	}
}

func (t *taps) add(at int, weight float32) { t.taps = append(t.taps, tap{at, weight}) }

// adjoint fills t with the transpose of f, which makes pixels of n.
func (t *taps) adjoint(f *taps, n int) {
	t.first, t.taps, t.count = portions.Grow(t.first, n+1), portions.Grow(t.taps, len(f.taps)), portions.Grow(t.count, n)
	clear(t.count)
	for _, p := range f.taps {
		t.count[p.at]++
	}
	t.first[0] = 0
	for i, c := range t.count {
		t.first[i+1] = t.first[i] + c
		t.count[i] = t.first[i]
	}
	for o := range len(f.first) - 1 {
		for _, p := range f.of(o) {
			t.taps[t.count[p.at]] = tap{o, p.weight}
			t.count[p.at]++
		}
	}
}

func (t *taps) of(o int) []tap { return t.taps[t.first[o]:t.first[o+1]] }

// resampling is one call: each row of the result is made of rows of src, and then its pixels of theirs. It lives in a
// pool so that a call allocates nothing.
type resampling struct {
	dst, src      *Tensor
	rows, columns taps
	forward       taps // where the others are its adjoint
}

var (
	resamplings portions.Pool[resampling]
	lines       portions.Pool[line]
)

// line is the memory for a row of pixels.
type line struct{ data []float32 }

func resample(dst, src *Tensor, by Interpolation, adjoint bool) {
	if len(dst.data) == 0 {
		return
	}
	r := resamplings.Get()
	r.dst, r.src = dst, src
	r.make(&r.rows, by, src.shape[1], dst.shape[1], adjoint)
	r.make(&r.columns, by, src.shape[2], dst.shape[2], adjoint)
	const atOnce = 16 << 10 // elements; fewer are not worth another goroutine
	parallel.For(dst.shape[0]*dst.shape[1], max(1, atOnce/(max(dst.shape[2], src.shape[2])*dst.shape[3])), r)
	r.dst, r.src = nil, nil
	resamplings.Put(r)
}

// make fills t with how out pixels are made of n, or with the adjoint of how n are made of out.
func (r *resampling) make(t *taps, by Interpolation, n, out int, adjoint bool) {
	if !adjoint {
		t.make(by, n, out)
		return
	}
	r.forward.make(by, out, n)
	t.adjoint(&r.forward, out)
}

// Run makes rows lo to hi of the result, counted through the images.
func (r *resampling) Run(lo, hi int) {
	h, w, c := r.dst.shape[1], r.dst.shape[2], r.dst.shape[3]
	fromH, row := r.src.shape[1], r.src.shape[2]*c
	l := lines.Get()
	l.data = portions.Grow(l.data, row)
	for i := lo; i < hi; i++ {
		weighted(l.data, r.src.data[i/h*fromH*row:], r.rows.of(i%h))
		for o := range w {
			weighted(r.dst.data[(i*w+o)*c:][:c], l.data, r.columns.of(o))
		}
	}
	lines.Put(l)
}

// weighted computes dst = the sum over the taps of weight * vector at of src.
func weighted(dst, src []float32, taps []tap) {
	n := len(dst)
	for i, t := range taps {
		v := src[t.at*n:][:n]
		switch {
		case i > 0:
			vec.AddScaled(dst, dst, t.weight, v)
		case t.weight == 1:
			copy(dst, v)
		default:
			vec.Scale(dst, v, t.weight)
		}
	}
	if len(taps) == 0 {
		clear(dst)
	}
}
