package main

import (
	"fmt"
	"go/types"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

// grouped writes the kernels of narrow groups. Depthwise ones exist for each number of vectors of a band, the others
// for each number of quads of a vector that are of one group.
//
// A tile keeps 24 sums, or 12 of the 16 registers that AVX2 has: a vector of weights is loaded once for all pixels.
type grouped struct {
	*simd.Machine
	pkg *types.Package
}

// groupRows is the most pixels of a tile, and groupTaps the most taps of a gradient: those of a 3x3 kernel.
const (
	groupRows = 6
	groupTaps = 9
)

func (g grouped) write() {
	vectors, quadRows, quadTaps := 4, groupRows, 6
	if !g.Wide() {
		vectors, quadRows, quadTaps = 2, groupRows/2, 3
	}
	for v := 1; v <= vectors; v++ {
		g.depthwise(v)
	}
	for v := 1; v <= vectors/2; v++ {
		g.depthwiseGrad(v)
	}
	for quads := 1; quads <= g.Lanes/4; quads *= 2 {
		g.quads(quads, quadRows)
	}
	for exchange := range g.Lanes / 4 {
		g.quadsGrad(exchange, quadTaps)
	}
}

// begin starts a function func name(t *arg) and returns the address of a field of *t.
func (g grouped) begin(name, arg, doc string) func(f string) Mem {
	g.Begin(name, "func()", doc)
	field := simd.TakeStruct(g.Context, g.pkg, arg)
	t := g.Context.Load(g.Param("t"), g.GP64())
	return func(f string) Mem { return field(t, f) }
}

// get loads a field, of a slice the address.
func (g grouped) get(m Mem) reg.GPVirtual {
	r := g.GP64()
	g.MOVQ(m, r)
	return r
}

// elements loads a field that counts elements, as bytes.
func (g grouped) elements(m Mem) reg.GPVirtual {
	r := g.get(m)
	g.SHLQ(U8(2), r)
	return r
}

// vecs returns n vectors, cleared.
func (g grouped) vecs(n int) (v []vec) {
	for range n {
		v = append(v, g.Zero().(vec))
	}
	return v
}

// tile writes a function of [groupTile] for bands of some vectors: for each number of rows, tap adds the products of a tap
// of the pixels at p with the weights at w, which it moves on; total returns the sums of vector v of row i.
func (g grouped) tile(name, doc string, vectors, rows, sums int, tap func(field func(string) Mem, acc [][]vec, p []reg.GPVirtual, w reg.GPVirtual), total func(acc []vec, v int) vec) {
	field := g.begin(name, "groupTile", doc)
	x, zero, w0, y := g.get(field("X")), g.get(field("Zero")), g.get(field("W")), g.get(field("Y"))
	done := g.AllocLocal(8) // bands, in bytes of Y
	left := g.AllocLocal(8)
	g.MOVQ(U32(0), done)
	bands := g.GP64()
	g.MOVQ(field("Bands"), bands)
	g.MOVQ(bands, left)
	for n := rows; n > 1; n-- {
		g.CMPQ(field("Rows"), U8(n))
		g.JE(LabelRef(fmt.Sprintf("rows%d", n)))
	}
	for n := 1; n <= rows; n++ {
		g.Label(fmt.Sprintf("rows%d", n))
		var acc [][]vec
		for range n {
			acc = append(acc, g.vecs(sums))
		}
		off, taps, w := g.get(field("Off")), g.get(field("Taps")), g.GP64()
		g.MOVQ(w0, w)
		g.Label(fmt.Sprintf("tap%d", n))
		var p []reg.GPVirtual
		for i := range n {
			r := g.GP64()
			g.MOVL(Mem{Base: off, Disp: 4 * i}, r.As32())
			g.TESTL(r.As32(), r.As32())
			g.LEAQ(Mem{Base: x, Index: r, Scale: 4}, r)
			g.CMOVQMI(zero, r)
			p = append(p, r)
		}
		tap(field, acc, p, w)
		g.ADDQ(I32(4*n), off)
		g.DECQ(taps)
		g.JNZ(LabelRef(fmt.Sprintf("tap%d", n)))

		var results [][]vec
		for i := range n {
			var row []vec
			for v := range vectors {
				row = append(row, total(acc[i], v))
			}
			results = append(results, row)
		}
		g.after(field, fmt.Sprint(n), results, y, done)
		at := g.GP64()
		g.MOVQ(field("WStep"), at)
		g.LEAQ(Mem{Base: w0, Index: at, Scale: 4}, w0)
		g.ADDQ(I32(vectors*g.Bytes()), x)
		g.ADDQ(I32(vectors*g.Bytes()), y)
		g.ADDQ(U32(vectors*g.Bytes()), done)
		g.DECQ(left)
		g.JNZ(LabelRef(fmt.Sprintf("rows%d", n)))
		g.End()
	}
}

// after does what follows the sums, and stores them.
func (g grouped) after(field func(string) Mem, label string, results [][]vec, y reg.GPVirtual, done Mem) {
	out := g.get(field("Out"))
	each := func(to func(i int, at reg.GPVirtual)) {
		for i := range results {
			at := g.GP64()
			g.MOVLQSX(Mem{Base: out, Disp: 4 * i}, at)
			to(i, at)
		}
	}
	g.CMPQ(field("After"), U8(0))
	g.JE(LabelRef("store" + label))
	other := g.get(field("Bias"))
	g.TESTQ(other, other)
	g.JE(LabelRef("add" + label))
	g.ADDQ(done, other)
	for v := range results[0] {
		for i := range results {
			g.VADDPS(Mem{Base: other, Disp: v * g.Bytes()}, results[i][v], results[i][v])
		}
	}
	g.Label("add" + label)
	g.MOVQ(field("Add"), other)
	g.TESTQ(other, other)
	g.JE(LabelRef("bounds" + label))
	g.ADDQ(done, other)
	each(func(i int, at reg.GPVirtual) {
		for v, r := range results[i] {
			g.VADDPS(Mem{Base: other, Index: at, Scale: 4, Disp: v * g.Bytes()}, r, r)
		}
	})
	g.Label("bounds" + label)
	bound := g.Vec()
	for _, f := range []struct {
		name string
		op   func(ops ...Op)
	}{{"Lo", g.VMAXPS}, {"Hi", g.VMINPS}} {
		g.VBROADCASTSS(field(f.name), bound)
		for _, row := range results {
			for _, r := range row {
				f.op(r, bound, r) // r where it is NaN, or equal
			}
		}
	}
	g.Label("store" + label)
	each(func(i int, at reg.GPVirtual) {
		for v, r := range results[i] {
			g.VMOVUPS(r, Mem{Base: y, Index: at, Scale: 4, Disp: v * g.Bytes()})
		}
	})
}

func (g grouped) depthwise(vectors int) {
	g.tile(fmt.Sprintf("depthwise%d", vectors), fmt.Sprintf("computes a tile of a depthwise convolution, %d vectors of channels at a time.", vectors),
		vectors, groupRows, vectors,
		func(_ func(string) Mem, acc [][]vec, p []reg.GPVirtual, w reg.GPVirtual) {
			for v := range vectors {
				weights := g.Load(Mem{Base: w, Disp: v * g.Bytes()}, nil)
				for i := range acc {
					g.VFMADD231PS(Mem{Base: p[i], Disp: v * g.Bytes()}, weights, acc[i][v])
				}
			}
			g.ADDQ(I32(vectors*g.Bytes()), w)
		},
		func(acc []vec, v int) vec { return acc[v] })
}

// exchanged loads a vector whose quads are those at i^quads.
func (g grouped) exchanged(at Mem, quads int) vec {
	if quads == 0 {
		return g.Load(at, nil)
	}
	v := g.Vec()
	if !g.Wide() {
		g.VPERMPD(U8(0x4e), at, v)
		return v
	}
	r := g.Load(at, nil)
	g.VSHUFF32X4(exchange(quads), r, r, v)
	return v
}

// exchange is the immediate operand that has lane i of four take lane i^d.
func exchange(d int) U8 {
	imm := 0
	for i := range 4 {
		imm |= (i ^ d) << (2 * i)
	}
	return U8(imm)
}

// quads writes the tiles of groups of 4*quads channels, or of several vectors if those are a vector's. Sum d of a pixel has in
// lane l what the input channel l adds to the output channel l^d.
func (g grouped) quads(quads, rows int) {
	g.tile(fmt.Sprintf("quads%d", quads), fmt.Sprintf("computes a tile of a convolution in groups, a vector of channels at a time, of which %d quads are in one group.", quads),
		1, rows, 4,
		func(field func(string) Mem, acc [][]vec, p []reg.GPVirtual, w reg.GPVirtual) {
			parts, part := g.AllocLocal(8), ""
			if several := 4*quads == g.Lanes; several {
				part = g.Unique("part")
				n := g.get(field("Parts"))
				g.MOVQ(n, parts)
				g.Label(part)
			}
			for e := range quads {
				var x []vec
				for i := range acc {
					x = append(x, g.exchanged(Mem{Base: p[i]}, e))
				}
				for d := range 4 {
					weights := g.Load(Mem{Base: w, Disp: (4*e + d) * g.Bytes()}, nil)
					for i := range acc {
						g.VFMADD231PS(x[i], weights, acc[i][d])
					}
				}
			}
			g.ADDQ(I32(4*quads*g.Bytes()), w)
			if part != "" {
				for _, r := range p {
					g.ADDQ(I32(g.Bytes()), r)
				}
				g.DECQ(parts)
				g.JNZ(LabelRef(part))
			}
		},
		func(acc []vec, _ int) vec {
			for d := 1; d < 4; d++ {
				g.VPERMILPS(exchange(d), acc[d], acc[d])
			}
			g.VADDPS(acc[1], acc[0], acc[0])
			g.VADDPS(acc[3], acc[2], acc[2])
			g.VADDPS(acc[2], acc[0], acc[0])
			return acc[0]
		})
}

// grad writes a function of [groupGrad] with so many vectors of sums for each of at most some taps: step loads what comes of
// the pixel of dy.
func (g grouped) grad(name, doc string, most, sums int, step func(dy reg.GPVirtual) []vec, vectors int) {
	field := g.begin(name, "groupGrad", doc)
	ldx, ldy, left := g.AllocLocal(8), g.AllocLocal(8), g.AllocLocal(8)
	for _, l := range []struct{ from, to Mem }{{field("LDX"), ldx}, {field("LDY"), ldy}} {
		g.MOVQ(g.elements(l.from), l.to)
	}
	for n := most; n > 1; n-- {
		g.CMPQ(field("Taps"), U8(n))
		g.JE(LabelRef(fmt.Sprintf("taps%d", n)))
	}
	for n := 1; n <= most; n++ {
		g.Label(fmt.Sprintf("taps%d", n))
		each := func(do func(m Mem, t, v int)) {
			tap := g.get(field("Tap"))
			for t := range n {
				sum, at := g.get(field("Sums")), g.elements(field("Pitch"))
				g.IMULQ(Mem{Base: tap, Disp: 16*t + 8}, at)
				g.ADDQ(at, sum)
				for v := range sums {
					do(Mem{Base: sum, Disp: v * g.Bytes()}, t, v)
				}
			}
		}
		acc := make([][]vec, n)
		each(func(m Mem, t, _ int) { acc[t] = append(acc[t], g.Load(m, nil)) })
		var off []reg.GPVirtual
		tap := g.get(field("Tap"))
		for t := range n {
			off = append(off, g.get(Mem{Base: tap, Disp: 16 * t}))
		}
		segment, pixel := fmt.Sprintf("segment%d", n), fmt.Sprintf("pixel%d", n)
		seg, x, dy, count := g.get(field("Seg")), g.GP64(), g.GP64(), g.GP64()
		g.MOVQ(field("Segs"), count)
		g.MOVQ(count, left)
		g.Label(segment)
		for i, l := range []struct {
			base string
			to   reg.GPVirtual
		}{{"X", x}, {"DY", dy}} {
			g.MOVQ(field(l.base), l.to)
			g.MOVQ(Mem{Base: seg, Disp: 8 * i}, count)
			g.LEAQ(Mem{Base: l.to, Index: count, Scale: 4}, l.to)
		}
		g.MOVQ(Mem{Base: seg, Disp: 16}, count)
		g.ADDQ(I32(24), seg)
		g.Label(pixel)
		factors := step(dy)
		for t := range n {
			m := Mem{Base: x, Index: off[t], Scale: 4}
			var from Op = m
			if vectors == 1 && sums > 1 && g.Wide() { // AVX2 has no register left
				from = g.Load(m, nil)
			}
			for v := range sums {
				if vectors > 1 {
					from = m.Offset(v * g.Bytes())
				}
				g.VFMADD231PS(from, factors[v], acc[t][v])
			}
			if t == n-1 { // the next band's
				for i := 0; i < vectors*g.Bytes(); i += 64 {
					g.PREFETCHT1(m.Offset(vectors*g.Bytes() + i))
					g.PREFETCHT1(Mem{Base: dy, Disp: vectors*g.Bytes() + i})
				}
			}
		}
		g.ADDQ(ldx, x)
		g.ADDQ(ldy, dy)
		g.DECQ(count)
		g.JNZ(LabelRef(pixel))
		g.DECQ(left)
		g.JNZ(LabelRef(segment))
		each(func(m Mem, t, v int) { g.VMOVUPS(acc[t][v], m) })
		g.End()
	}
}

func (g grouped) depthwiseGrad(vectors int) {
	g.grad(fmt.Sprintf("depthwiseGrad%d", vectors), fmt.Sprintf("adds up gradients of weights of %d vectors of channels.", vectors), groupTaps, vectors,
		func(dy reg.GPVirtual) (d []vec) {
			for v := range vectors {
				d = append(d, g.Load(Mem{Base: dy, Disp: v * g.Bytes()}, nil))
			}
			return d
		}, vectors)
}

// quadsGrad writes what multiplies a vector of x with one of dy, of which quad i is taken for quad i^e. Sum d has in lane l the
// product of the input channel l with the output channel l^d.
func (g grouped) quadsGrad(e, taps int) {
	g.grad(fmt.Sprintf("quadsGrad%d", e), fmt.Sprintf("adds up gradients of weights between the channels of a vector and those of quad i^%d.", e), taps, 4,
		func(dy reg.GPVirtual) []vec {
			d := []vec{g.exchanged(Mem{Base: dy}, e)}
			for i := 1; i < 4; i++ {
				v := g.Vec()
				g.VPERMILPS(exchange(i), d[0], v)
				d = append(d, v)
			}
			return d
		}, 1)
}
