package tensor

import (
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Clip computes lo where a < lo and then hi where that is larger, else a; NaN passes. An infinite bound bounds nothing.
func Clip(dst, a *Tensor, lo, hi float32) *Tensor {
	const op = "Clip"
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	clip(clipping{dst: dst.data, a: a.data, lo: lo, hi: hi})
	return dst
}

// ClipGrad computes g where lo < a < hi, else 0, for a and g of equal shape: the gradient of [Clip] with respect to a,
// at the bounds and for NaN as in PyTorch (2.15; older versions have g at the bounds).
func ClipGrad(dst, a *Tensor, lo, hi float32, g *Tensor) *Tensor {
	const op = "ClipGrad"
	sameShape(op, a, g)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a, g)
	clip(clipping{dst: dst.data, a: a.data, g: g.data, lo: lo, hi: hi, grad: true})
	return dst
}

// clipping is one call. It lives in a pool so that a call allocates nothing.
type clipping struct {
	dst, a, g []float32
	lo, hi    float32
	grad      bool
}

var clippings portions.Pool[clipping]

func clip(c clipping) {
	p := clippings.Get()
	*p = c
	parallel.For(len(p.dst), 32<<10, p)
	*p = clipping{}
	clippings.Put(p)
}

// Run computes elements from to end.
func (c *clipping) Run(from, end int) {
	dst, a, lo, hi := c.dst[from:end], c.a[from:end], c.lo, c.hi
	if !c.grad {
		for i, v := range a {
			if v < lo {
				v = lo
			}
			if v > hi {
				v = hi
			}
			dst[i] = v
		}
		return
	}
	for i, g := range c.g[from:end] {
		if !(a[i] > lo && a[i] < hi) {
			g = 0
		}
		dst[i] = g
	}
}
