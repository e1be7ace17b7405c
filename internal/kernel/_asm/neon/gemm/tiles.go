package main

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

type (
	vec = neon.Vec
	gp  = neon.GP
)

// sums is a tile's sums: of each set and row, some vectors.
type sums [][][]vec

// start makes sets of the sums of a tile and clears them.
func (k kernels) start(rows, vectors, sets int) (s sums) {
	for range sets {
		var set [][]vec
		for range rows {
			set = append(set, k.Vecs(vectors))
		}
		s = append(s, set)
	}
	for _, set := range s {
		for _, row := range set {
			for _, v := range row {
				k.Clear(v)
			}
		}
	}
	return s
}

// total adds the sets up, in pairs, and returns the first one.
func (k kernels) total(s sums) [][]vec {
	for n := len(s) / 2; n > 0; n /= 2 {
		for set := range n {
			for i, row := range s[set] {
				for j, v := range row {
					k.AddTo(v, s[set+n][i][j])
				}
			}
		}
	}
	return s[0]
}

// step multiplies the row of B at b with one element of each row of A: lane(i) says where it is. Then
// it moves on to the next row of B and fetches what lies ahead.
func (k kernels) step(rows [][]vec, lane func(i int) (vec, int), b, ldb, ahead, aheadStep gp) {
	vectors := len(rows[0])
	for j := 0; j < vectors; j += 2 {
		row := k.Vecs(min(2, vectors-j))
		if len(row) == 2 {
			k.LoadPair(row[0], row[1], b, 16*j)
		} else {
			k.Load(row[0], b, 16*j, 4)
		}
		for i := range rows {
			for c, v := range row {
				a, l := lane(i)
				k.AddMulLane(rows[i][j+c], v, a, l)
			}
		}
	}
	k.Op("ADD %v, %v", ldb, b)
	k.Op("PRFM (%v), PLDL2KEEP", ahead)
	k.Op("ADD %v, %v", aheadStep, ahead)
}

// finish adds row i of C when acc is not 0, does what comes after, and stores. at(i) leads to the row.
func (k kernels) finish(rows [][]vec, acc gp, at func(i int) gp, after func()) {
	store := k.Unique("store")
	each := func(i int, two func(v, w vec, r gp, bytes int), one func(v vec, r gp, bytes, n int), then func(v vec, j int), fresh bool) {
		r := at(i)
		v := rows[i]
		if fresh {
			v = k.Vecs(len(v))
		}
		for j := 0; j < len(v); j += 2 {
			if j+1 < len(v) {
				two(v[j], v[j+1], r, 16*j)
			} else {
				one(v[j], r, 16*j, 4)
			}
		}
		for j := range v {
			then(v[j], j)
		}
	}
	k.Jump(fmt.Sprintf("CBZ %v,", acc), store)
	for i := range rows {
		each(i, k.LoadPair, k.Load, func(v vec, j int) { k.AddTo(rows[i][j], v) }, true)
	}
	k.Label(store)
	after()
	for i := range rows {
		each(i, k.StorePair, k.Store, func(vec, int) {}, false)
	}
	k.Op("RET")
}

// variants writes one variant for each number of rows, and the jumps to them.
func (k kernels) variants(rows gp, tallest int, variant func(n int)) {
	mark := k.Mark()
	for n := tallest; n > 1; n-- {
		k.Op("CMP $%d, %v", n, rows)
		k.Jump("BEQ", fmt.Sprintf("rows%d", n))
	}
	for n := 1; n <= tallest; n++ {
		k.Label(fmt.Sprintf("rows%d", n))
		variant(n)
		k.Release(mark)
	}
}

// rows writes the kernel of Rows for tiles of some vectors of columns.
func (k kernels) rows(vectors int) {
	k.Func(fmt.Sprintf("rows%dNEON", 4*vectors), "(t *Rows)", fmt.Sprintf("computes a tile of %d columns with a table of rows.", 4*vectors), 8)
	t := k.GP()
	k.Op("MOVD t+0(FP), %v", t)
	load := func(name string) gp {
		r := k.GP()
		k.field(t, "Rows."+name, r)
		return r
	}
	a, zero, inner, ldb, off, taps := load("A"), load("Zero"), load("Inner"), load("LDB"), load("Off"), load("Taps")
	ahead, aheadStep, b, n := load("Ahead"), load("AheadStep"), load("B"), load("Rows")
	k.Op("LSL $2, %v", ldb)
	sets := maxSums / (maxRows * vectors) // for all heights, so that a row has the same bits in every tile
	k.variants(n, maxRows, func(rows int) {
		out, c, count := k.GP(), k.GP(), k.GP()
		k.field(t, "Rows.Out", out)
		k.field(t, "Rows.C", c)
		to := func(i int) gp {
			k.Op("MOVW %d(%v), %v", 4*i, out, count)
			k.Op("ADD %v<<2, %v, %v", count, c, count)
			return count
		}
		for i := range rows { // C is fetched while the sums form
			k.Op("PRFM (%v), PSTL1KEEP", to(i))
		}
		row := make([]gp, rows)
		for i := range row {
			row[i] = k.GP()
		}
		s := k.start(rows, vectors, sets)
		label := func(name string) string { return fmt.Sprintf("%s%d", name, rows) }
		k.Jump(fmt.Sprintf("CBZ %v,", taps), label("done"))

		k.Label(label("tap"))
		for i, r := range row {
			k.Op("MOVW.P 4(%v), %v", off, count)
			k.Op("ADD %v<<2, %v, %v", count, a, r)
			k.Op("CMPW $0, %v", count)
			k.Op("CSEL LT, %v, %v, %v // %s", zero, r, r, fmt.Sprintf("row %d", i))
		}
		k.Op("LSR $2, %v, %v", inner, count)
		k.Jump(fmt.Sprintf("CBZ %v,", count), label("rest"))
		k.steps(label("four"), 4, s, row, b, ldb, ahead, aheadStep, count)
		k.Label(label("rest"))
		k.Op("ANDS $3, %v, %v", inner, count)
		k.Jump("BEQ", label("next"))
		k.steps(label("one"), 1, s, row, b, ldb, ahead, aheadStep, count)
		k.Label(label("next"))
		k.Op("SUBS $1, %v", taps)
		k.Jump("BNE", label("tap"))

		k.Label(label("done"))
		acc := taps
		k.field(t, "Rows.Acc", acc)
		total := k.total(s)
		k.finish(total, acc, to, func() { k.after(total, t, out, row[0], count) })
	})
	k.End()
}

// after writes what comes after the sums of [Rows]: a bias, something to add, and bounds, each if it is there. Two
// registers are free.
func (k kernels) after(rows [][]vec, t, out, more, at gp) {
	part := func(field string, body func(done string)) {
		done := k.Unique("after")
		k.field(t, "Rows."+field, more)
		k.Jump(fmt.Sprintf("CBZ %v,", more), done)
		body(done)
		k.Label(done)
	}
	each := func(to func(d, n vec), n vec) {
		for _, sums := range rows {
			for _, v := range sums {
				to(v, n)
			}
		}
	}
	read := func(r gp, bytes, n int) vec {
		v := k.Vec()
		k.Load(v, r, bytes, n)
		return v
	}
	part("Bias", func(string) {
		for j := range rows[0] {
			bias := read(more, 16*j, 4)
			for i := range rows {
				k.AddTo(rows[i][j], bias)
			}
		}
	})
	part("Add", func(string) {
		for i, sums := range rows {
			k.Op("MOVW %d(%v), %v", 4*i, out, at)
			k.Op("ADD %v<<2, %v, %v", at, more, at)
			for j, v := range sums {
				k.AddTo(v, read(at, 16*j, 4))
			}
		}
	})
	part("Bounds", func(done string) {
		lo := k.Spread(read(t, k.fields.Offset("Rows.Lo"), 1))
		each(k.MaxTo, lo)
		k.Op("CMP $1, %v", more)
		k.Jump("BEQ", done)
		hi := k.Spread(read(t, k.fields.Offset("Rows.Hi"), 1))
		each(k.MinTo, hi)
	})
}

// steps writes the loop over count times n steps of a tap.
func (k kernels) steps(label string, n int, s sums, row []gp, b, ldb, ahead, aheadStep, count gp) {
	k.Label(label)
	a := k.Vecs(len(row))
	for i, r := range row {
		k.LoadNext(a[i], r, n)
	}
	for p := range n {
		k.step(s[p%len(s)], func(i int) (vec, int) { return a[i], p }, b, ldb, ahead, aheadStep)
	}
	k.Op("SUBS $1, %v", count)
	k.Jump("BNE", label)
}

// outer writes the kernel of Outer for tiles of some vectors of columns. Narrow ones may have twice as many rows.
func (k kernels) outer(vectors int) {
	k.Func(fmt.Sprintf("outer%dNEON", 4*vectors), "(t *Outer)", fmt.Sprintf("computes a tile of %d columns as a sum of outer products.", 4*vectors), 8)
	t := k.GP()
	k.Op("MOVD t+0(FP), %v", t)
	load := func(name string) gp {
		r := k.GP()
		k.field(t, "Outer."+name, r)
		return r
	}
	firstA, firstB, lda, ldb, seg, segs := load("A"), load("B"), load("LDA"), load("LDB"), load("Seg"), load("Segs")
	ahead, aheadStep, n := load("Ahead"), load("AheadStep"), load("Rows")
	k.Op("LSL $2, %v", lda)
	k.Op("LSL $2, %v", ldb)
	tallest := maxRows
	if vectors <= maxVectors/2 {
		tallest = 2 * maxRows
	}
	k.variants(n, tallest, func(rows int) {
		a, b, count := k.GP(), k.GP(), k.GP()
		s := k.start(rows, vectors, 1)
		label := func(name string) string { return fmt.Sprintf("%s%d", name, rows) }
		k.Jump(fmt.Sprintf("CBZ %v,", segs), label("done"))
		k.Label(label("segment"))
		for _, p := range []struct{ from, to gp }{{firstA, a}, {firstB, b}} {
			k.Op("MOVW.P 4(%v), %v", seg, count)
			k.Op("ADD %v<<2, %v, %v", count, p.from, p.to)
		}
		k.Op("MOVW.P 4(%v), %v", seg, count)
		k.Label(label("step"))
		at := k.column(a, rows)
		k.Op("ADD %v, %v", lda, a)
		k.step(s[0], func(i int) (vec, int) { return at[i/4], i % 4 }, b, ldb, ahead, aheadStep)
		k.Op("SUBS $1, %v", count)
		k.Jump("BNE", label("step"))
		k.Op("SUBS $1, %v", segs)
		k.Jump("BNE", label("segment"))

		k.Label(label("done"))
		acc, c, ldc, first := a, b, lda, firstA
		k.field(t, "Outer.Acc", acc)
		k.field(t, "Outer.C", first)
		k.field(t, "Outer.LDC", ldc)
		k.Op("LSL $2, %v", ldc)
		k.finish(s[0], acc, func(i int) gp {
			if i == 0 {
				k.Op("MOVD %v, %v", first, c)
			} else {
				k.Op("ADD %v, %v", ldc, c)
			}
			return c
		}, func() {})
	})
	k.End()
}

// column reads n elements of A, one for each row, four to a vector.
func (k kernels) column(a gp, n int) (v []vec) {
	for i := 0; i < n; i += 4 {
		r := k.Vec()
		v = append(v, r)
		switch left := n - i; {
		case left >= 4:
			k.Load(r, a, 4*i, 4)
		case left == 3: // the third element does not come with the others: nothing behind it may be read
			k.Load(r, a, 4*i, 2)
			k.LoadLane(r, 2, a, 4*i+8)
		default:
			k.Load(r, a, 4*i, left)
		}
	}
	return v
}
