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
	m, n, k := matMulSizes(op, a.shape, b.shape, t)
	dst = out(op, dst, []int{m, n})
	apart(op, dst, a, b)
	gemm.Mul(false, t.a(), t.b(), m, n, k, a.data, a.shape[1], b.data, b.shape[1], dst.data, n)
	return dst
}

// matMulSizes checks the shapes of a product.
func matMulSizes(op string, a, b []int, t Transposed) (m, n, k int) {
	fail := func(why string) {
		sa, sb := shapeString(a), shapeString(b)
		if t.a() {
			sa += "ᵀ"
		}
		if t.b() {
			sb += "ᵀ"
		}
		panic("tensor: " + op + ": " + sa + " x " + sb + ": " + why)
	}
	if len(a) != 2 || len(b) != 2 {
		fail("both must be matrices")
	}
	m, k = a[0], a[1]
	if t.a() {
		m, k = k, m
	}
	kb, n := b[0], b[1]
	if t.b() {
		kb, n = n, kb
	}
	if k != kb {
		fail("inner dimensions differ")
	}
	return m, n, k
}
