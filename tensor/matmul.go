package tensor

import "github.com/residuum-go/residuum/internal/kernel/gemm"

// MatMul computes the matrix product op(a) * op(b) of two matrices, where op transposes if the
// flag says so: [m,k] x [k,n] -> [m,n].
func MatMul(dst, a, b *Tensor, transA, transB bool) *Tensor {
	const op = "MatMul"
	if len(a.shape) != 2 || len(b.shape) != 2 {
		failMatMul(a, b, transA, transB, "both must be matrices")
	}
	m, k := a.shape[0], a.shape[1]
	if transA {
		m, k = k, m
	}
	kb, n := b.shape[0], b.shape[1]
	if transB {
		kb, n = n, kb
	}
	if k != kb {
		failMatMul(a, b, transA, transB, "inner dimensions differ")
	}
	dst = out(op, dst, []int{m, n})
	apart(op, dst, a, b)
	gemm.Mul(false, transA, transB, m, n, k, a.data, a.shape[1], b.data, b.shape[1], dst.data, n)
	return dst
}

func failMatMul(a, b *Tensor, transA, transB bool, why string) {
	sa, sb := shapeString(a.shape), shapeString(b.shape)
	if transA {
		sa += "ᵀ"
	}
	if transB {
		sb += "ᵀ"
	}
	panic("tensor: MatMul: " + sa + " x " + sb + ": " + why)
}
