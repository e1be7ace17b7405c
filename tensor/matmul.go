package tensor

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Transposed says which operands of a [MatMul] are transposed: N is as it is, T transposed, the first letter
// the first operand's, as in BLAS.
type Transposed uint8

// Which operands are transposed.
const (
	NN Transposed = iota // a b
	NT                   // a bᵀ
	TN                   // aᵀ b
	TT                   // aᵀ bᵀ
)

func (t Transposed) a() bool { return t == TN || t == TT }
func (t Transposed) b() bool { return t == NT || t == TT }

// MatMul computes the product of two matrices, of which t transposes none, one or both before:
// [m,k] x [k,n] -> [m,n]. Leading axes are of stacks of matrices, and broadcast: [..., m,k] x [..., k,n] ->
// [..., m,n].
func MatMul(dst, a, b *Tensor, t Transposed) *Tensor {
	const op = "MatMul"
	var s Shapes
	dst = out(op, dst, s.MatMul(a.shape, b.shape, t))
	apart(op, dst, a, b)
	lead := len(dst.shape) - 2
	m, n := dst.shape[lead], dst.shape[lead+1]
	colsA, colsB := a.shape[len(a.shape)-1], b.shape[len(b.shape)-1]
	k := colsA
	if t.a() {
		k = a.shape[len(a.shape)-2]
	}
	if lead == 0 {
		gemm.Mul(false, t.a(), t.b(), m, n, k, a.data, colsA, b.data, colsB, dst.data, n)
		return dst
	}
	if len(dst.data) == 0 {
		return dst
	}
	p := stacks.Get()
	*p = stack{dst: dst.data, a: a.data, b: b.data, t: t, m: m, n: n, k: k, colsA: colsA, colsB: colsB}
	p.loops.plan(dst.shape[:lead], a.shape[:len(a.shape)-2], b.shape[:len(b.shape)-2])
	const atOnce = 1 << 18 // multiply-adds; fewer are not worth another goroutine
	parallel.For(len(dst.data)/(m*n), int(max(1, atOnce/max(1, int64(m)*int64(n)*int64(k)))), p)
	p.dst, p.a, p.b = nil, nil, nil
	stacks.Put(p)
	return dst
}

// stack is the product of two stacks of matrices. It lives in a pool so that a call allocates nothing.
type stack struct {
	dst, a, b    []float32
	t            Transposed
	m, n, k      int
	colsA, colsB int
	loops        broadcast
}

var stacks portions.Pool[stack]

// Run multiplies matrices lo to hi of the result.
func (p *stack) Run(lo, hi int) {
	a, b, c := p.m*p.k, p.k*p.n, p.m*p.n
	for r := lo; r < hi; r++ {
		i, j := p.loops.offsets(r, len(p.loops.dims))
		gemm.Mul(false, p.t.a(), p.t.b(), p.m, p.n, p.k, p.a[i*a:(i+1)*a], p.colsA, p.b[j*b:(j+1)*b], p.colsB, p.dst[r*c:(r+1)*c], p.n)
	}
}
