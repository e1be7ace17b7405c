package gemm

import (
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/portions"
)

// column computes a product with one column: the transposed problem has one row.
func (j *job) column() {
	p := j.problem
	j.problem = problem{acc: p.acc, transA: !p.transB, transB: !p.transA, m: 1, n: p.m, k: p.k,
		a: p.b, lda: p.ldb, b: p.a, ldb: p.lda, c: p.c, ldc: p.m}
	if p.ldc == 1 {
		j.multiply()
		return
	}
	j.c = j.apart(0, p.c, p.m, p.ldc)
	j.multiply()
	for i, v := range j.straight[0][:p.m] {
		p.c[i*p.ldc] = v
	}
}

// straighten prepares a product with one row: as few as possible of the vectors have gaps.
func (j *job) straighten() {
	if j.n == 1 && !j.transB {
		j.b, j.ldb, j.transB = j.apart(1, j.b, j.k, j.ldb), j.k, true
	}
	if j.transA && (j.transB || j.lda == 1) {
		j.a, j.lda, j.transA = j.apart(2, j.a, j.k, j.lda), j.k, false
	}
}

// apart returns n elements that lie step apart in v: a copy in the buffer of that number, unless they are neighbours.
func (j *job) apart(buffer int, v []float32, n, step int) []float32 {
	if step == 1 {
		return v
	}
	s := portions.Grow(j.straight[buffer], n)
	j.straight[buffer] = s
	for i := range s {
		s[i] = v[i*step]
	}
	return s
}

// dots computes a region whose operands both have k in their rows. A few rows of b at a time stay in the
// first-level cache while all rows of a pass.
func (j *job) dots(r *region) {
	t := tile.Dots{LDA: j.lda, LDB: j.ldb}
	for p := r.step; p < r.stepEnd; p += j.cut.depth {
		t.K = min(j.cut.depth, r.stepEnd-p)
		acc := r.acc || p > r.step
		for q := r.col; q < r.colEnd; q += tile.DotCols {
			t.B, t.Cols = j.b[q*j.ldb+p:], min(tile.DotCols, r.colEnd-q)
			for i := r.row; i < r.rowEnd; i += tile.DotRows {
				t.A, t.Rows = j.a[i*j.lda+p:], min(tile.DotRows, r.rowEnd-i)
				t.Run(j.level)
				for x := range t.Rows {
					c := r.c[(i+x)*r.ldc+q:][:t.Cols]
					for y := range c {
						if acc {
							c[y] += t.Sums[x][y]
						} else {
							c[y] = t.Sums[x][y]
						}
					}
				}
			}
		}
	}
}

// combine computes a region from a few rows of b at a time. When there are several rows of c, these go by
// a few columns, for which the rows of b stay in the first-level cache.
func (j *job) combine(r *region) {
	width := r.colEnd - r.col
	if r.rowEnd-r.row > 1 && j.k > tile.CombineRows {
		width = min(width, 512)
	}
	t := tile.Combine{M: r.rowEnd - r.row, RowA: j.lda, StepA: 1, LDB: j.ldb, LDC: r.ldc}
	if j.transA {
		t.RowA, t.StepA = 1, j.lda
	}
	for q := r.col; q < r.colEnd; q += width {
		t.N, t.C = min(width, r.colEnd-q), r.c[r.row*r.ldc+q:]
		for p := r.step; p < r.stepEnd; p += tile.CombineRows {
			t.K, t.Acc = min(tile.CombineRows, r.stepEnd-p), flag(r.acc || p > r.step)
			t.A, t.B = j.a[r.row*t.RowA+p*t.StepA:], j.b[p*j.ldb+q:]
			t.Run(j.level)
		}
	}
}
