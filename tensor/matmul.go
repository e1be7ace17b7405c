package tensor

import "github.com/residuum-go/residuum/internal/kernel/gemm"

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
// [m,k] x [k,n] -> [m,n].
func MatMul(dst, a, b *Tensor, t Transposed) *Tensor {
	const op = "MatMul"
	var s Shapes
	dst = out(op, dst, s.MatMul(a.shape, b.shape, t))
	apart(op, dst, a, b)
	m, n, k := dst.shape[0], dst.shape[1], a.shape[1]
	if t.a() {
		k = a.shape[0]
	}
	gemm.Mul(false, t.a(), t.b(), m, n, k, a.data, a.shape[1], b.data, b.shape[1], dst.data, n)
	return dst
}
