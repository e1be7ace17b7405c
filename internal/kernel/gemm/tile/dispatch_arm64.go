//go:build !purego

package tile

import "github.com/residuum-go/residuum/internal/cpu"

// Run computes the tile with the instructions of level l. B may have any LDB; at NEON a row of it is read
// in whole vectors.
func (t *Rows) Run(l cpu.Level) {
	if l < cpu.NEON {
		rowsGo(t)
		return
	}
	if t.Cols%4 != 0 {
		t.runAside()
		return
	}
	t.run()
}

func (t *Rows) run() {
	switch t.Cols {
	case 16:
		rows16NEON(t)
	case 12:
		rows12NEON(t)
	case 8:
		rows8NEON(t)
	default:
		rows4NEON(t)
	}
}

// RunPair does not exist here: PairCols is 0.
func (t *Rows) RunPair(cpu.Level) { panic("tile: no paired kernel") }

// Run computes the tile with the instructions of level l, reading B as [Rows.Run] does.
func (t *Outer) Run(l cpu.Level) {
	if l < cpu.NEON {
		outerGo(t)
		return
	}
	if t.Cols%4 != 0 {
		t.runAside()
		return
	}
	t.run()
}

func (t *Outer) run() {
	switch t.Cols {
	case 16:
		outer16NEON(t)
	case 12:
		outer12NEON(t)
	case 8:
		outer8NEON(t)
	default:
		outer4NEON(t)
	}
}

// The kernels store whole vectors. Tiles with other widths, the last ones of a matrix, are computed
// aside and copied.

// aside holds the largest tile, or the largest narrow one.
type aside [6 * 16]float32

var asideRows = [6]int32{0, 16, 32, 48, 64, 80}

func (t *Rows) runAside() {
	var sums aside
	u := *t
	u.Out, u.C, u.Cols, u.Acc = asideRows[:], sums[:], (t.Cols+3)&^3, 0
	u.Bias, u.Add, u.Bounds = nil, nil, 0
	u.run()
	for i := range t.Rows {
		t.put(i, sums[16*i:16*i+t.Cols])
	}
}

func (t *Outer) runAside() {
	var sums aside
	u := *t
	u.C, u.Cols, u.Acc = sums[:], (t.Cols+3)&^3, 0
	u.LDC = u.Cols
	u.run()
	for i := range t.Rows {
		putRow(t.C[i*t.LDC:], sums[i*u.LDC:i*u.LDC+t.Cols], t.Acc)
	}
}

// putRow stores a row of sums, or adds it to c.
func putRow(c, sums []float32, acc int) {
	for j, v := range sums {
		if acc != 0 {
			v += c[j]
		}
		c[j] = v
	}
}

// Run computes the strip with the tiles of level l.
func (s *Strip) Run(l cpu.Level) { stripGo(s, l) }

// Run computes the dot products.
func (t *Dots) Run(cpu.Level) { dotsGo(t) }

// Run computes the rows.
func (t *Combine) Run(cpu.Level) { combineGo(t) }

// Peak runs n steps of multiply-adds that wait for nothing and returns how many floating-point
// operations that were: the yardstick of the benchmarks. It returns 0 at levels without one.
func Peak(l cpu.Level, n int) (flops float64) {
	if l < cpu.NEON {
		return 0
	}
	peakNEON(n)
	return 2 * 4 * 24 * float64(n)
}

// lanes returns the floats in a vector of level l, 0 without vectors.
func lanes(l cpu.Level) int {
	if l < cpu.NEON {
		return 0
	}
	return 4
}

// copyRows copies k whole rows of a panel, and reports whether level l can.
func copyRows(l cpu.Level, panel, b []float32, ldb, k int) bool {
	if k == 0 || l < cpu.NEON {
		return k == 0
	}
	_ = b[(k-1)*ldb+15]
	_ = panel[16*k-1]
	copyRowsNEON(&panel[0], &b[0], ldb, k)
	return true
}

// transpose transposes 4 rows of 4*squares elements of src.
func transpose(_ cpu.Level, dst []float32, ldd int, src []float32, lds, squares int) {
	_ = src[3*lds+4*squares-1]
	_ = dst[(4*squares-1)*ldd+3]
	transposeNEON(&dst[0], ldd, &src[0], lds, squares)
}
