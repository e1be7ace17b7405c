package tensor

import (
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/work"
)

// blocks copies runs of n elements from one regular grid to another: for all i, j and k below count
//
//	dst[i*to[0] + j*to[1] + k*to[2]:][:n] = src[i*from[0] + j*from[1] + k*from[2]:][:n]
//
// It lives in a pool so that a call allocates nothing.
type blocks struct {
	dst, src        []float32
	n               int
	count, to, from [3]int
}

var blockCopies work.Pool[blocks]

func copyBlocks(dst, src []float32, n int, count, to, from [3]int) {
	if n == 0 {
		return
	}
	b := blockCopies.Get()
	b.dst, b.src, b.n, b.count, b.to, b.from = dst, src, n, count, to, from
	const atOnce = 32 << 10 // elements; fewer are not worth another goroutine
	parallel.For(count[0]*count[1], max(1, atOnce/max(1, n*count[2])), b)
	b.dst, b.src = nil, nil
	blockCopies.Put(b)
}

// Run copies what belongs to pairs (i, j) lo to hi, counted through.
func (b *blocks) Run(lo, hi int) {
	for r := lo; r < hi; r++ {
		i, j := r/b.count[1], r%b.count[1]
		dst, src := b.dst[i*b.to[0]+j*b.to[1]:], b.src[i*b.from[0]+j*b.from[1]:]
		for k := range b.count[2] {
			copy(dst[k*b.to[2]:][:b.n], src[k*b.from[2]:])
		}
	}
}
