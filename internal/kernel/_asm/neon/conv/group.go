package main

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

// grouped writes the kernels of narrow groups, as the command of the same name writes them for amd64. A vector is one quad, so
// that none are exchanged.
type grouped struct {
	transform
	fields neon.Fields
}

const groupRows = 6

func (g grouped) write() {
	for v := 1; v <= 4; v++ {
		g.depthwise(v)
	}
	for v := 1; v <= 2; v++ {
		g.depthwiseGrad(v)
	}
	g.quads()
	g.quadsGrad()
}

// begin starts a function of a struct and returns what loads its fields.
func (g grouped) begin(name, arg, doc string) (t gp, get func(field string) gp) {
	g.Func(name+"NEON", "(t *"+arg+")", doc, 8)
	t = g.GP()
	g.Op("MOVD t+0(FP), %v", t)
	return t, func(field string) gp {
		r := g.GP()
		g.field(t, arg+"."+field, r)
		return r
	}
}

// field reads a field of the struct that t points to; of a slice the address.
func (g grouped) field(t gp, name string, to gp) { g.Field(g.fields, t, name, to) }

// tile writes a function of groupTile for bands of some vectors: for each number of rows, tap adds the products of a tap of
// the pixels at p with the weights at w, which it moves on; total returns the sums of vector v of a row.
func (g grouped) tile(name, doc string, vectors, sums int, tap func(parts gp, acc [][]vec, p []gp, w gp), total func(acc []vec, v int) vec) {
	t, get := g.begin(name, "groupTile", doc)
	x, zero, w0, y, left, rows, step, parts := get("X"), get("Zero"), get("W"), get("Y"), get("Bands"), get("Rows"), get("WStep"), get("Parts")
	done := g.GP()
	g.Op("MOVD $0, %v", done)
	mark := g.Mark()
	for n := groupRows; n > 1; n-- {
		g.Op("CMP $%d, %v", n, rows)
		g.Jump("BEQ", fmt.Sprintf("rows%d", n))
	}
	for n := 1; n <= groupRows; n++ {
		g.Release(mark)
		g.Label(fmt.Sprintf("rows%d", n))
		var acc [][]vec
		for range n {
			row := g.Vecs(sums)
			for _, v := range row {
				g.Clear(v)
			}
			acc = append(acc, row)
		}
		off, taps, w, tmp := get("Off"), get("Taps"), g.GP(), g.GP()
		g.Op("MOVD %v, %v", w0, w)
		var p []gp
		for range n {
			p = append(p, g.GP())
		}
		g.Label(fmt.Sprintf("tap%d", n))
		for _, r := range p {
			g.Op("MOVW.P 4(%v), %v", off, tmp)
			g.Op("ADD %v<<2, %v, %v", tmp, x, r)
			g.Op("CMPW $0, %v", tmp)
			g.Op("CSEL LT, %v, %v, %v", zero, r, r)
		}
		tap(parts, acc, p, w)
		g.Op("SUBS $1, %v", taps)
		g.Jump("BNE", fmt.Sprintf("tap%d", n))

		var results [][]vec
		for i := range n {
			var row []vec
			for v := range vectors {
				row = append(row, total(acc[i], v))
			}
			results = append(results, row)
		}
		g.after(t, results, y, done, off, taps, tmp)
		g.Op("ADD %v<<2, %v", step, w0)
		g.Op("ADD $%d, %v", 16*vectors, x)
		g.Op("ADD $%d, %v", 16*vectors, y)
		g.Op("ADD $%d, %v", 16*vectors, done)
		g.Op("SUBS $1, %v", left)
		g.Jump("BNE", fmt.Sprintf("rows%d", n))
		g.Op("RET")
	}
	g.End()
}

// after does what follows the sums, and stores them. The last three registers are free.
func (g grouped) after(t gp, results [][]vec, y, done, out, other, at gp) {
	store, add, bounds := g.Unique("store"), g.Unique("add"), g.Unique("bounds")
	each := func(base gp, to func(r vec, bytes int)) {
		for i, row := range results {
			g.Op("MOVW %d(%v), %v", 4*i, out, at)
			g.Op("ADD %v<<2, %v, %v", at, base, at)
			for v, r := range row {
				to(r, 16*v)
			}
		}
	}
	g.field(t, "groupTile.Out", out)
	g.field(t, "groupTile.After", other)
	g.Jump(fmt.Sprintf("CBZ %v,", other), store)
	g.field(t, "groupTile.Bias", other)
	g.Jump(fmt.Sprintf("CBZ %v,", other), add)
	g.Op("ADD %v, %v", done, other)
	for v := range results[0] {
		bias := g.Vec()
		g.Load(bias, other, 16*v, 4)
		for _, row := range results {
			g.AddTo(row[v], bias)
		}
	}
	g.Label(add)
	g.field(t, "groupTile.Add", other)
	g.Jump(fmt.Sprintf("CBZ %v,", other), bounds)
	g.Op("ADD %v, %v", done, other)
	each(other, func(r vec, bytes int) {
		a := g.Vec()
		g.Load(a, at, bytes, 4)
		g.AddTo(r, a)
	})
	g.Label(bounds)
	for _, f := range []string{"Lo", "Hi"} {
		one := g.Vec()
		g.Load(one, t, g.fields.Offset("groupTile."+f), 1)
		bound := g.Spread(one)
		for _, row := range results {
			for _, r := range row {
				if f == "Lo" {
					g.Merge(r, g.Greater(bound, r), bound)
				} else {
					g.Merge(r, g.Greater(r, bound), bound)
				}
			}
		}
	}
	g.Label(store)
	each(y, func(r vec, bytes int) { g.Store(r, at, bytes, 4) })
}

func (g grouped) depthwise(vectors int) {
	g.tile(fmt.Sprintf("depthwise%d", vectors), fmt.Sprintf("computes a tile of a depthwise convolution, %d vectors of channels at a time.", vectors), vectors, vectors,
		func(_ gp, acc [][]vec, p []gp, w gp) {
			for v := range vectors {
				weights := g.next(w)
				for i := range acc {
					x := g.Vec()
					g.Load(x, p[i], 16*v, 4)
					g.AddMul(acc[i][v], x, weights)
				}
			}
		},
		func(acc []vec, v int) vec { return acc[v] })
}

// lanes returns v with lane l^d in lane l.
func (g grouped) lanes(v vec, d int) vec {
	if d&1 != 0 {
		r := g.Vec()
		g.VecOp("VREV64 V%d.S4, V%d.S4", v, r)
		v = r
	}
	if d&2 != 0 {
		r := g.Vec()
		g.VecOp("VEXT $8, V%d.B16, V%d.B16, V%d.B16", v, v, r)
		v = r
	}
	return v
}

// quads writes the tiles of groups of one quad or several. Sum d of a pixel has in lane l what the input channel l adds to the
// output channel l^d.
func (g grouped) quads() {
	g.tile("quads1", "computes a tile of a convolution in groups, a quad of channels at a time.", 1, 4,
		func(parts gp, acc [][]vec, p []gp, w gp) {
			mark := g.Mark()
			left, part := g.GP(), g.Unique("part")
			g.Op("MOVD %v, %v", parts, left)
			g.Label(part)
			var x []vec
			for _, r := range p {
				x = append(x, g.next(r))
			}
			for d := range 4 {
				weights := g.next(w)
				for i := range acc {
					g.AddMul(acc[i][d], x[i], weights)
				}
			}
			g.Op("SUBS $1, %v", left)
			g.Jump("BNE", part)
			g.Release(mark)
		},
		func(acc []vec, _ int) vec {
			for d := 1; d < 4; d++ {
				acc[d] = g.lanes(acc[d], d)
			}
			g.AddTo(acc[0], acc[1])
			g.AddTo(acc[2], acc[3])
			g.AddTo(acc[0], acc[2])
			return acc[0]
		})
}

// grad writes a function of groupGrad with so many vectors of sums for each of at most some taps: step returns what comes of
// the pixel of dy.
func (g grouped) grad(name, doc string, most, sums int, step func(dy gp) []vec, vectors int) {
	t, get := g.begin(name, "groupGrad", doc)
	seg, segs, ldx, ldy, x0, dy0, taps := get("Seg"), get("Segs"), get("LDX"), get("LDY"), get("X"), get("DY"), get("Taps")
	dy, count := g.GP(), g.GP()
	for _, r := range []gp{ldx, ldy} {
		g.Op("LSL $2, %v", r)
	}
	mark := g.Mark()
	for n := most; n > 1; n-- {
		g.Op("CMP $%d, %v", n, taps)
		g.Jump("BEQ", fmt.Sprintf("taps%d", n))
	}
	for n := 1; n <= most; n++ {
		g.Release(mark)
		g.Label(fmt.Sprintf("taps%d", n))
		var x []gp
		for range n {
			x = append(x, g.GP())
		}
		each := func(do func(t, v int, sum gp)) {
			tap, pitch, sum := taps, dy, count
			g.field(t, "groupGrad.Tap", tap)
			for i := range n {
				g.field(t, "groupGrad.Pitch", pitch)
				g.Op("MOVD %d(%v), %v", 16*i+8, tap, sum)
				g.Op("MUL %v, %v, %v", sum, pitch, pitch)
				g.field(t, "groupGrad.Sums", sum)
				g.Op("ADD %v<<2, %v, %v", pitch, sum, sum)
				for v := range sums {
					do(i, v, sum)
				}
			}
		}
		acc := make([][]vec, n)
		each(func(i, v int, sum gp) {
			acc[i] = append(acc[i], g.Vec())
			g.Load(acc[i][v], sum, 16*v, 4)
		})
		segment, pixel := fmt.Sprintf("segment%d", n), fmt.Sprintf("pixel%d", n)
		g.Label(segment)
		g.Op("MOVD.P 8(%v), %v", seg, count)
		g.Op("ADD %v<<2, %v, %v", count, x0, dy)
		for i, r := range x {
			g.Op("MOVD %d(%v), %v", 16*i, taps, count)
			g.Op("ADD %v<<2, %v, %v", count, dy, r)
		}
		g.Op("MOVD.P 8(%v), %v", seg, count)
		g.Op("ADD %v<<2, %v, %v", count, dy0, dy)
		g.Op("MOVD.P 8(%v), %v", seg, count)
		g.Label(pixel)
		factors := step(dy)
		for i := range n {
			var from []vec
			for v := range vectors {
				r := g.Vec()
				g.Load(r, x[i], 16*v, 4)
				from = append(from, r)
			}
			for v := range sums {
				g.AddMul(acc[i][v], from[v%vectors], factors[v])
			}
			g.Op("ADD %v, %v", ldx, x[i])
		}
		g.Op("ADD %v, %v", ldy, dy)
		g.Op("SUBS $1, %v", count)
		g.Jump("BNE", pixel)
		g.Op("SUBS $1, %v", segs)
		g.Jump("BNE", segment)
		each(func(i, v int, sum gp) { g.Store(acc[i][v], sum, 16*v, 4) })
		g.Op("RET")
	}
	g.End()
}

func (g grouped) depthwiseGrad(vectors int) {
	g.grad(fmt.Sprintf("depthwiseGrad%d", vectors), fmt.Sprintf("adds up gradients of weights of %d vectors of channels.", vectors), 9, vectors,
		func(dy gp) (d []vec) {
			for v := range vectors {
				r := g.Vec()
				g.Load(r, dy, 16*v, 4)
				d = append(d, r)
			}
			return d
		}, vectors)
}

// quadsGrad: sum d has in lane l the product of the input channel l with the output channel l^d.
func (g grouped) quadsGrad() {
	g.grad("quadsGrad", "adds up gradients of weights between the channels of two quads.", 5, 4,
		func(dy gp) (d []vec) {
			v := g.Vec()
			g.Load(v, dy, 0, 4)
			for i := range 4 {
				d = append(d, g.lanes(v, i))
			}
			return d
		}, 1)
}
