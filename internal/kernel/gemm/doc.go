// Package gemm multiplies float32 matrices in row-major order.
//
// [Mul] computes
//
//	for i := range m { for j := range n {
//		s := 0
//		for p := range k { s += op(a)(i, p) * op(b)(p, j) }
//		c[i*ldc+j] = s        // or += s
//	}}
//
// where op is the identity or the transpose. A result depends on the operands and the
// instruction-set level, never on the number of workers.
package gemm
