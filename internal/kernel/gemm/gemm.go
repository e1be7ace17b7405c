package gemm

import "fmt"

// Mul computes c = op(a)·op(b), or c += op(a)·op(b) when acc is set; op(a) is [m, k], op(b) is
// [k, n] and c is [m, n]. With transA the slice a holds [k, m], with transB b holds [n, k]. lda,
// ldb and ldc are the distances between consecutive rows as stored; elements of c between n and
// ldc are left alone. c must not overlap a or b. Mul panics when a slice is too short or a
// distance is smaller than its row.
func Mul(acc, transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int) {
	check("a", transA, m, k, len(a), lda)
	check("b", transB, k, n, len(b), ldb)
	check("c", false, m, n, len(c), ldc)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		for i := 0; i < m && !acc; i++ {
			clear(c[i*ldc : i*ldc+n])
		}
		return
	}
	j := jobs.Get()
	j.problem = problem{acc: acc, transA: transA, transB: transB, m: m, n: n, k: k,
		a: a, lda: lda, b: b, ldb: ldb, c: c, ldc: ldc}
	if n == 1 && m > 1 {
		j.column()
	} else {
		j.multiply()
	}
	j.problem = problem{}
	jobs.Put(j)
}

func check(name string, trans bool, rows, cols, length, ld int) {
	if trans {
		rows, cols = cols, rows
	}
	if rows < 0 || cols < 0 {
		panic(fmt.Sprintf("gemm: Mul: %s is [%d %d]: negative size", name, rows, cols))
	}
	if rows == 0 || cols == 0 {
		return
	}
	if ld < cols {
		panic(fmt.Sprintf("gemm: Mul: %s is [%d %d]: rows %d apart overlap", name, rows, cols, ld))
	}
	if need := (rows-1)*ld + cols; length < need {
		panic(fmt.Sprintf("gemm: Mul: %s is [%d %d] with rows %d apart: needs %d elements, has %d",
			name, rows, cols, ld, need, length))
	}
}
