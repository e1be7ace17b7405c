package conv

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// again computes the images directly that bad tells of, neighbours together: those that Winograd's algorithm is not good
// enough for. They are few, so no weights are kept for them: the transformed ones are turned back.
func (p *Prepared) again(s Shape, y, x []float32, e Epilogue, bad func(image int) bool) {
	var w *[]float32
	in, out := s.H*s.W*s.C, s.OutH()*s.OutW()*s.K
	for first, end := range neighbours(s.N, bad) {
		if w == nil {
			w = p.original()
		}
		some, then := s, e
		some.N = end - first
		if e.Add != nil {
			then.Add = e.Add[first*out : end*out]
		}
		p.direct(some, y[first*out:end*out], x[first*in:end*in], *w, then)
	}
	if w != nil {
		buffers.Put(w)
	}
}

// originals is the loop over the input channels of weights that are turned back.
type originals struct {
	of *Prepared
	to []float32 // [3][3][C][K]
}

var originalsPool portions.Pool[originals]

// original returns the weights of p from before Winograd's transform, for whoever puts them back among the buffers. Beside
// roundings of it, some units in the last place of the largest of the nine weights between two channels, they are those that
// Prepare was given, if these were finite.
func (p *Prepared) original() *[]float32 {
	w := buffers.Get()
	*w = portions.Grow(*w, p.shape.weights())
	o := originalsPool.Get()
	o.of, o.to = p, *w
	parallel.For(p.shape.C, 8, o)
	*o = originals{}
	originalsPool.Put(o)
	return w
}

// Run turns back the weights of input channels lo to hi. Of the one-dimensional transforms G g of three weights, the first
// and the last element are multiples of the first and last weight, and the two behind the first differ by one of the second.
func (o *originals) Run(lo, hi int) {
	s := o.of.shape
	_, cols := tile.Size(o.of.level)
	n, pitch, panel := 6, portions.Ceil(s.K, cols)*s.C*cols+skew, s.C*cols // of F(4x4, 3x3), [36][panels][C][cols]
	first, second := float32(1/scale0), float32(1/(2*scaleA*pointA))
	if o.of.small != nil { // [panels][16][C][cols]
		n, pitch, panel, first, second = 4, s.C*cols, 16*s.C*cols, 1, 1
	}
	for c := lo; c < hi; c++ {
		for k := range s.K {
			u := o.of.tiles[k/cols*panel+c*cols+k%cols:]
			row := func(i int) [3]float32 { // G g, g being a row of weights
				u := u[i*n*pitch:]
				return [3]float32{first * u[0], second * (u[pitch] - u[2*pitch]), u[(n-1)*pitch]}
			}
			r0, r1, r2, r3 := row(0), row(1), row(2), row(n-1)
			for j := range 3 {
				o.to[(j*s.C+c)*s.K+k] = first * r0[j]
				o.to[((3+j)*s.C+c)*s.K+k] = second * (r1[j] - r2[j])
				o.to[((6+j)*s.C+c)*s.K+k] = r3[j]
			}
		}
	}
}
