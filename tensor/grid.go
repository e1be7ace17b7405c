package tensor

import (
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// gridCopy copies runs of n elements from one regular grid to another: for all i, j and k below count
//
//	dst[i*to[0] + j*to[1] + k*to[2]:][:n] = src[i*from[0] + j*from[1] + k*from[2]:][:n]
//
// It lives in a pool so that a call allocates nothing.
type gridCopy struct {
	dst, src        []float32
	n               int
	count, to, from [3]int
}

var gridCopies portions.Pool[gridCopy]

func copyGrid(dst, src []float32, n int, count, to, from [3]int) {
	if n == 0 {
		return
	}
	g := gridCopies.Get()
	g.dst, g.src, g.n, g.count, g.to, g.from = dst, src, n, count, to, from
	const atOnce = 32 << 10 // elements; fewer are not worth another goroutine
	parallel.For(count[0]*count[1], max(1, atOnce/max(1, n*count[2])), g)
	g.dst, g.src = nil, nil
	gridCopies.Put(g)
}

// Run copies what belongs to pairs (i, j) lo to hi, counted through.
func (g *gridCopy) Run(lo, hi int) {
	for r := lo; r < hi; r++ {
		i, j := r/g.count[1], r%g.count[1]
		dst, src := g.dst[i*g.to[0]+j*g.to[1]:], g.src[i*g.from[0]+j*g.from[1]:]
		for k := range g.count[2] {
			copy(dst[k*g.to[2]:][:g.n], src[k*g.from[2]:])
		}
	}
}
