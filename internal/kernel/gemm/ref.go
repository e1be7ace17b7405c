package gemm

// Ref is the reference of [Mul], generic so that tests have a float64 truth: the triple loop of the
// package comment. The sum starts at zero, runs over p in order, and is added to c when acc is set.
func Ref[T float32 | float64](acc, transA, transB bool, m, n, k int, a []T, lda int, b []T, ldb int, c []T, ldc int) {
	for i := range m {
		for j := range n {
			var s T
			for p := range k {
				x, y := i*lda+p, p*ldb+j
				if transA {
					x = p*lda + i
				}
				if transB {
					y = j*ldb + p
				}
				s += a[x] * b[y]
			}
			if acc {
				s += c[i*ldc+j]
			}
			c[i*ldc+j] = s
		}
	}
}
