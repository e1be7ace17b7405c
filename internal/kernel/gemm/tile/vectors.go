package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Vectors reports whether [Dots] and [Combine] are as fast at level l as its tiles. At NEON they are
// plain Go.
func Vectors(l cpu.Level) bool { return l != cpu.NEON }

// CombineRows is the most rows that a [Combine] adds up.
const CombineRows = 8

// DotRows and DotCols are the most rows of each side of [Dots].
const DotRows, DotCols = 3, 4

// dotsGo computes dot products in Go, each as four sums that do not wait for each other.
func dotsGo(t *Dots) {
	for i := range t.Rows {
		a := t.A[i*t.LDA:][:t.K]
		for j := range t.Cols {
			b := t.B[j*t.LDB:][:len(a)]
			var s [4]float32
			p := 0
			for ; p+4 <= len(a); p += 4 {
				x, y := a[p:p+4], b[p:p+4]
				s[0] += x[0] * y[0]
				s[1] += x[1] * y[1]
				s[2] += x[2] * y[2]
				s[3] += x[3] * y[3]
			}
			for ; p < len(a); p++ {
				s[0] += a[p] * b[p]
			}
			t.Sums[i][j] = s[0] + s[1] + (s[2] + s[3])
		}
	}
}

// combineGo computes linear combinations in Go, row by row of B.
func combineGo(t *Combine) {
	for i := range t.M {
		c := t.C[i*t.LDC:][:t.N]
		if t.Acc == 0 {
			clear(c)
		}
		for p := range t.K {
			x, b := t.A[i*t.RowA+p*t.StepA], t.B[p*t.LDB:][:len(c)]
			for j, v := range b {
				c[j] += x * v
			}
		}
	}
}
