package conv

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// A convolution by 1x1 kernels is a matrix product of pixels by weights, and most are computed as one. With a stride,
// the pixels that it keeps are first copied together, some images at a time, which is faster than reading them in place.

// pointwise reports whether each output pixel depends on one input pixel of its own.
func (s Shape) pointwise() bool {
	return s.R*s.S == 1 && s.PadH == 0 && s.PadW == 0 && s.MoreH == 0 && s.MoreW == 0 && s.Groups == 1
}

// strided reports whether a stride leaves pixels out.
func (s Shape) strided() bool { return s.StrideH > 1 || s.StrideW > 1 }

// productWins reports whether a 1x1 convolution, or its gradient with respect to the image, is best computed as a
// matrix product. From many channels to few the direct sum is better, which passes the pixels once over all weights. It
// takes its tiles from one image, so small images do not fill them. The gradient with a stride is a direct sum because of its zeros.
func (s Shape) productWins(inputGrad bool) bool {
	inner, outer := s.C, s.K
	if inputGrad {
		inner, outer = outer, inner
	}
	fewer := outer <= 128 && inner >= 2*outer && s.OutH()*s.OutW() >= 64
	return s.pointwise() && (!fewer || s.huge()) && !(inputGrad && s.strided())
}

// maxKept is the most elements of a copy of several images: 8 MB, which comes back from the third-level
// cache. A variable, so that tests can lower it.
var maxKept = 2 << 20

// forwardPointwise computes [Forward]. The shape has no empty dimension.
func forwardPointwise(s Shape, y, x, w []float32) {
	k := keeps.Get()
	pixels := s.OutH() * s.OutW()
	images := s.N
	if s.strided() {
		images = max(1, maxKept/(pixels*s.C))
	}
	for i := 0; i < s.N; i += images {
		n := min(images, s.N-i)
		gemm.Mul(false, false, false, n*pixels, s.K, s.C, k.pixels(s, x, i, n), s.C, w, s.K, y[i*pixels*s.K:], s.K)
	}
	keeps.Put(k)
}

// sumPixels is how many times as many pixels as channels a matrix product sums at most in the gradient of weights.
// In longer sums its pieces copy x and dy more often than they need to.
const sumPixels = 4

// pointwiseGradWins reports whether the gradient of weights is best computed as a matrix product, which
// transposes x, rather than as a sum of outer products, which does not: with many weights, and with some if there are
// few pixels or a stride sets them far apart.
func (s Shape) pointwiseGradWins() bool {
	few := s.N*s.OutH()*s.OutW() <= sumPixels*max(s.C, s.K)
	return s.pointwise() && (s.C*s.K >= 1<<17 || (few || s.strided()) && s.C*s.K >= 1<<15)
}

// weightGradPointwise computes [WeightGrad]. The shape has no empty dimension.
func weightGradPointwise(s Shape, dw, x, dy []float32) {
	k := keeps.Get()
	pixels := s.OutH() * s.OutW()
	images := max(1, sumPixels*max(s.C, s.K)/pixels)
	if s.strided() {
		images = max(1, min(images, maxKept/(pixels*s.C)))
	}
	for i := 0; i < s.N; i += images {
		n := min(images, s.N-i)
		gemm.Mul(i > 0, true, false, s.C, s.K, n*pixels, k.pixels(s, x, i, n), s.C, dy[i*pixels*s.K:], s.K, dw, s.K)
	}
	keeps.Put(k)
}

// keep copies the pixels that a stride keeps.
type keep struct {
	shape Shape
	x     []float32 // from the first image to copy on
	kept  []float32
}

var keeps portions.Pool[keep]

// pixels returns the pixels of x that outputs of n images depend on, in the order of the outputs.
func (k *keep) pixels(s Shape, x []float32, first, n int) []float32 {
	x = x[first*s.H*s.W*s.C:]
	if !s.strided() {
		return x
	}
	row := s.OutW() * s.C
	k.shape, k.x, k.kept = s, x, portions.Grow(k.kept, n*s.OutH()*row)
	parallel.For(n*s.OutH(), max(1, 1<<14/row), k)
	k.x = nil
	return k.kept
}

// Run copies rows lo to hi of the output, counted through the images.
func (k *keep) Run(lo, hi int) {
	s := k.shape
	row := s.OutW() * s.C
	for i := lo; i < hi; i++ {
		x := k.x[(i/s.OutH()*s.H+i%s.OutH()*s.StrideH)*s.W*s.C:]
		to := k.kept[i*row : (i+1)*row]
		for len(to) > 0 {
			copy(to[:s.C], x)
			to = to[s.C:]
			x = x[min(s.StrideW*s.C, len(x)):]
		}
	}
}
