// Command conv writes the arm64 assembly of package conv: the transforms of Winograd's convolution, as the command
// of the same name writes them for amd64.
//
// Each is two passes of a one-dimensional transform over the channels of a tile of pixels, which are whole vectors;
// what lies between the passes stays in the first-level cache, or for weights in registers.
package main

import (
	"flag"
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
	"github.com/residuum-go/residuum/internal/kernel/_asm/winograd"
)

type (
	vec = neon.Vec
	gp  = neon.GP
)

func main() {
	out := flag.String("out", "", "assembly")
	declarations := flag.String("declarations", "", "of the functions, in Go")
	flag.Parse()
	t := transform{neon.New("conv")}
	t.input()
	t.output()
	t.after()
	t.weights()
	grouped{t, neon.FieldsOf("../conv/group_args.go")}.write()
	t.Write(*out, *declarations, "go run ./neon/conv")
}

// transform is a function that moves tiles to or from the domain of the products.
type transform struct{ *neon.Asm }

// params loads the parameters, eight bytes each.
func (t transform) params(names ...string) (r []gp) {
	for i, name := range names {
		r = append(r, t.GP())
		t.Op("MOVD %s+%d(FP), %v", name, 8*i, r[i])
	}
	return r
}

// series returns n pointers, step bytes apart from first on, which is lost.
func (t transform) series(first, step gp, n int) (p []gp) {
	for range n {
		r := t.GP()
		t.Op("MOVD %v, %v", first, r)
		t.Op("ADD %v, %v", step, first)
		p = append(p, r)
	}
	return p
}

// times returns k * n in a new register.
func (t transform) times(k int, n gp) gp {
	d := t.GP()
	t.Op("MOVD $%d, %v", k, d)
	t.Op("MUL %v, %v", n, d)
	return d
}

// repeat writes body as a loop of n turns.
func (t transform) repeat(name string, n int, body func()) {
	left := t.GP()
	t.Op("MOVD $%d, %v", n, left)
	t.Label(name)
	body()
	t.Op("SUBS $1, %v", left)
	t.Jump("BNE", name)
}

// channels writes a loop over the vectors of n channels; left is overwritten.
func (t transform) channels(n, left gp, body func()) {
	label := t.Unique("channels")
	t.Op("MOVD %v, %v", n, left)
	t.Label(label)
	body()
	t.Op("SUBS $4, %v", left)
	t.Jump("BNE", label)
}

// move adds bytes to pointers.
func (t transform) move(p []gp, bytes gp) {
	for _, r := range p {
		t.Op("ADD %v, %v", bytes, r)
	}
}

// pixels sets p to the addresses of pixels from a table of offsets, other for a negative one. The table has an
// offset every stride words.
func (t transform) pixels(base, other, table, tmp gp, stride int, p []gp) {
	for i, r := range p {
		t.Op("MOVW %d(%v), %v", 4*i*stride, table, tmp)
		t.Op("ADD %v<<2, %v, %v", tmp, base, r)
		t.Op("CMPW $0, %v", tmp)
		t.Op("CSEL LT, %v, %v, %v", other, r, r)
	}
}

// next reads a vector at r, which moves on; put writes them likewise.
func (t transform) next(r gp) vec {
	v := t.Vec()
	t.LoadNext(v, r, 4)
	return v
}

func (t transform) put(to []gp) func(i int, v vector.Vec) {
	return func(i int, v vector.Vec) { t.StoreNext(v.(vec), to[i], 4) }
}

func (t transform) input() {
	t.Func("tileInputSquaresNEON", "(dst *float32, pitch int, x *float32, zero *float32, off *int32, tmp *float32, n int, squares *[8]float32)",
		"computes dst[pitch*i+c] = (BT d B)[i], d being the pixels x[off[i]:], or zero, for n channels, "+
			"and sets squares to sums over the quarters of the middle pixels and, in four parts, over the border.", 64)
	p := t.params("dst", "pitch", "x", "zero", "off", "tmp", "n")
	dst, pitch, x, zero, off, tmp, n := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	transformed := winograd.Input(neon.Machine{Asm: t.Asm})
	// The sums are those of the first and the last pixel, and of each pair between them.
	apply := func(from, to []gp, sums []vec) {
		var d []vector.Vec
		for i, r := range from {
			v := t.next(r)
			if d = append(d, v); sums != nil {
				t.AddMul(sums[(i+1)/2%3], v, v)
			}
		}
		transformed(d, t.put(to))
	}
	left, bytes := t.GP(), t.times(4, n)
	mark := t.Mark()

	to := t.series(tmp, bytes, 6)
	from := t.series(x, bytes, 6) // only registers: set for each row
	t.Op("MOVD x+16(FP), %v", x)
	counter := t.Mark()
	rows := func(name string, count int, sums ...vec) {
		t.Release(counter)
		t.repeat(name, count, func() {
			t.pixels(x, zero, off, left, 1, from)
			t.channels(n, left, func() { apply(from, to, sums) })
			for range 5 { // to the next row
				t.move(to, bytes)
			}
			t.Op("ADD $24, %v", off)
		})
	}
	border, quarters := []vec{t.Zero(), t.Zero(), t.Zero()}, []vec{t.Zero(), t.Zero(), t.Zero(), t.Zero()}
	rows("first", 1, border...)
	rows("upper", 2, border[0], quarters[0], quarters[1])
	rows("lower", 2, border[1], quarters[2], quarters[3])
	rows("last", 1, border...)
	parts := t.Transpose(quarters)
	squares := off // no longer needed
	t.Op("MOVD squares+56(FP), %v", squares)
	t.Store(t.Add(t.Add(parts[0], parts[1]), t.Add(parts[2], parts[3])), squares, 0, 4)
	t.Store(t.Add(t.Add(border[0], border[1]), border[2]), squares, 16, 4)

	t.Release(mark)
	t.Op("MOVD tmp+40(FP), %v", tmp)
	t.Op("LSL $2, %v", pitch)
	row, stride := x, zero // no longer needed
	t.Op("MOVD $6, %v", stride)
	t.Op("MUL %v, %v, %v", bytes, stride, row)
	t.Op("MUL %v, %v", pitch, stride)
	from, to = t.series(tmp, row, 6), t.series(dst, stride, 6)
	t.Op("SUB %v, %v", bytes, pitch)
	t.repeat("column", 6, func() {
		t.channels(n, left, func() { apply(from, to, nil) })
		t.move(to, pitch) // from is there already
	})
	t.Op("RET")
	t.End()
}

func (t transform) output() {
	t.Func("tileOutputNEON", "(y *float32, off *int32, m *float32, pitch int, tmp *float32, n int) (finite bool)",
		"computes y[off[i]+c] = (AT d A)[i], d being m[pitch*i+c], for n channels; pixels with a negative offset are dropped.", 49)
	p := t.params("y", "off", "m", "pitch", "tmp", "n")
	y, off, m, pitch, tmp, n := p[0], p[1], p[2], p[3], p[4], p[5]
	transformed := winograd.Output(neon.Machine{Asm: t.Asm})
	apply := func(from, to []gp, result func(i int, v vec)) {
		transformed(func(i int) vector.Vec { return t.next(from[i]) }, func(i int, v vector.Vec) {
			t.put(to)(i, v)
			result(i, v.(vec))
		})
	}
	left, bytes := t.GP(), t.times(4, n)
	t.Op("LSL $2, %v", pitch)
	mark := t.Mark()

	from, to := t.series(m, pitch, 6), t.series(tmp, bytes, 4)
	back := t.times(6, pitch)
	t.Op("SUB %v, %v", bytes, back)
	t.repeat("row", 6, func() {
		t.channels(n, left, func() { apply(from, to, func(int, vec) {}) })
		t.move(from, back)
		for range 3 {
			t.move(to, bytes)
		}
	})

	// Behind the 24 parts that tmp holds between the passes is room for pixels that are dropped. A product with
	// zero is NaN for whatever is not finite.
	t.Release(mark)
	zero, bad := t.Zero(), []vec{t.Zero(), t.Zero()} // one sum alone would be waited for
	row := t.times(4, bytes)
	t.Op("MOVD tmp+32(FP), %v", tmp)
	from = t.series(tmp, row, 6)
	to = t.series(m, row, 4) // only registers: set for each column
	t.repeat("column", 4, func() {
		t.pixels(y, tmp, off, left, 4, to)
		t.channels(n, left, func() { apply(from, to, func(i int, v vec) { t.AddMul(bad[i%2], v, zero) }) })
		t.Op("ADD $4, %v", off)
	})
	largest := t.Largest(t.Add(bad[0], bad[1]))
	t.VecOp("FCMPS F%d, F%d", largest, largest)
	t.Op("CSET VC, %v", left)
	t.Op("MOVB %v, finite+48(FP)", left)
	t.Op("RET")
	t.End()
}

func (t transform) after() {
	t.Func("tileAfterNEON", "(y *float32, off *int32, bias *float32, add *float32, bounds *[2]float32, n int)",
		"sets y[off[i]+c] to min(max(y[off[i]+c] + bias[c] + add[off[i]+c], bounds[0]), bounds[1]) for 16 pixels and n channels, without add if it is nil; negative offsets are left out.", 48)
	p := t.params("y", "off", "bias", "add", "bounds", "n")
	y, off, bias, add, bounds, n := p[0], p[1], p[2], p[3], p[4], p[5]
	bound := func(at int) vec {
		v := t.Vec()
		t.Load(v, bounds, at, 1)
		return t.Spread(v)
	}
	lo, hi := bound(0), bound(4)
	at, b, more, left := t.GP(), t.GP(), t.GP(), t.GP()
	t.repeat("pixel", 16, func() {
		skip, alone := t.Unique("skip"), t.Unique("alone")
		channels := func(added bool) {
			t.channels(n, left, func() {
				v := t.Vec()
				t.Load(v, at, 0, 4)
				t.AddTo(v, t.next(b))
				if added {
					t.AddTo(v, t.next(more))
				}
				t.MaxTo(v, lo)
				t.MinTo(v, hi)
				t.StoreNext(v, at, 4)
			})
		}
		t.Op("MOVW.P 4(%v), %v", off, more)
		t.Op("CMPW $0, %v", more)
		t.Jump("BLT", skip)
		t.Op("ADD %v<<2, %v, %v", more, y, at)
		t.Op("MOVD %v, %v", bias, b)
		t.Jump(fmt.Sprintf("CBZ %v,", add), alone)
		t.Op("ADD %v<<2, %v, %v", more, add, more)
		channels(true)
		t.Jump("JMP", skip)
		t.Label(alone)
		channels(false)
		t.Label(skip)
	})
	t.Op("RET")
	t.End()
}

func (t transform) weights() {
	t.Func("tileWeightsNEON", "(dst *float32, pitch int, w *float32, n int)",
		"computes dst[pitch*i+j] = (G g GT)[i], g being the nine weights w[n*i+j], for n numbers j.", 32)
	p := t.params("dst", "pitch", "w", "n")
	dst, pitch, w, n := p[0], p[1], p[2], p[3]
	transformed := winograd.Weights(neon.Machine{Asm: t.Asm})
	at, left, bytes := t.GP(), t.GP(), t.times(4, n)
	t.Op("LSL $2, %v", pitch)
	t.channels(n, left, func() {
		var g [3][3]vector.Vec
		t.Op("MOVD %v, %v", w, at)
		for i := range 3 {
			for s := range 3 {
				v := t.Vec()
				t.Load(v, at, 0, 4)
				g[s][i] = v
				t.Op("ADD %v, %v", bytes, at)
			}
		}
		var half [6][3]vector.Vec // G g
		for s := range 3 {
			transformed(g[s], func(i int, v vector.Vec) { half[i][s] = v })
		}
		t.Op("MOVD %v, %v", dst, at)
		for i := range 6 {
			var out [6]vector.Vec
			transformed(half[i], func(j int, v vector.Vec) { out[j] = v })
			for _, v := range out {
				t.Store(v.(vec), at, 0, 4)
				t.Op("ADD %v, %v", pitch, at)
			}
		}
		t.Op("ADD $16, %v", w)
		t.Op("ADD $16, %v", dst)
	})
	t.Op("RET")
	t.End()
}
