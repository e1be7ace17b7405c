// Command conv writes the assembly of package conv: the transforms of Winograd's convolution.
//
// Each is two passes of a one-dimensional transform over the channels of a tile of pixels, all vectors
// being whole; what lies between the passes stays in the first-level cache.
package main

import (
	"flag"
	"os"

	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
	"github.com/residuum-go/residuum/internal/kernel/_asm/winograd"
)

type vec = reg.VecVirtual

func main() {
	flags := flag.NewFlagSet("conv", flag.ExitOnError)
	config := build.NewFlags(flags)
	_ = flags.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	fetch(c)
	pkg := vector.Structs("../conv/group_args.go")
	for _, m := range simd.Machines(c) {
		input(transform{m}, false)
		input(transform{m}, true)
		output(transform{m})
		after(transform{m})
		weights(transform{m})
		gradient(transform{m})
		weightGrad(transform{m})
		grouped{m, pkg}.write()
	}
	os.Exit(build.Main(config.Config(), c))
}

// transform is a function that moves tiles to or from the domain of the products.
type transform struct{ *simd.Machine }

// What the machine computes is in registers here, which other instructions take.
func (t transform) Add(a vec, b vector.Vec) vec { return t.Machine.Add(a, b).(vec) }
func (t transform) Zero() vec                   { return t.Machine.Zero().(vec) }

// begin starts function name(dst *float32, pitch int, params..., n int).
func (t transform) begin(name, params, doc string) {
	t.Begin(name, "func("+params+")", doc)
	t.Pragma("noescape")
}

// pointer loads a pointer parameter.
func (t transform) pointer(name string) reg.GPVirtual {
	return t.Context.Load(t.Param(name), t.GP64()).(reg.GPVirtual)
}

// times returns k * n.
func (t transform) times(k int, n reg.GPVirtual) reg.GPVirtual {
	d := t.GP64()
	t.IMUL3Q(I32(k), n, d)
	return d
}

// series is up to six places in memory at even distances.
type series struct{ base, step, step3, step5 reg.GPVirtual }

func (t transform) series(base, step reg.GPVirtual, n int) series {
	s := series{base: base, step: step}
	if n > 3 {
		s.step3 = t.times(3, step)
	}
	if n > 5 {
		s.step5 = t.times(5, step)
	}
	return s
}

func (s series) at(i int) Mem {
	switch i {
	case 0:
		return Mem{Base: s.base}
	case 3:
		return Mem{Base: s.base, Index: s.step3, Scale: 1}
	case 5:
		return Mem{Base: s.base, Index: s.step5, Scale: 1}
	}
	return Mem{Base: s.base, Index: s.step, Scale: uint8(i)}
}

// repeat emits body as a loop of n turns, counted in memory: few registers are left.
func (t transform) repeat(name string, n int, body func()) {
	left, label := t.AllocLocal(8), t.Unique(name)
	t.MOVQ(U32(n), left)
	t.Label(label)
	body()
	t.DECQ(left)
	t.JNZ(LabelRef(label))
}

// channels emits body as a loop over vectors, at being the bytes done, of bytes.
func (t transform) channels(at, bytes reg.GPVirtual, body func()) {
	label := t.Unique("channels")
	t.XORQ(at, at)
	t.Label(label)
	body()
	t.ADDQ(I32(t.Bytes()), at)
	t.CMPQ(at, bytes)
	t.JNE(LabelRef(label))
}

// pixels loads the addresses of n pixels from a table of offsets, other for a negative one. The table
// has an offset every stride words.
func (t transform) pixels(base, other, table reg.GPVirtual, n, stride int, p []reg.GPVirtual) {
	for i := range n {
		t.MOVL(Mem{Base: table, Disp: 4 * i * stride}, p[i].As32())
		t.TESTL(p[i].As32(), p[i].As32())
		t.LEAQ(Mem{Base: base, Index: p[i], Scale: 4}, p[i])
		t.CMOVQMI(other, p[i])
	}
}

func (t transform) pointers(n int) (p []reg.GPVirtual) {
	for range n {
		p = append(p, t.GP64())
	}
	return p
}

// get and put read and write vectors in memory.
func (t transform) get(at Mem) vec { return t.Load(at, nil) }
func (t transform) put(to func(i int) Mem) func(i int, v vector.Vec) {
	return func(i int, v vector.Vec) { t.Store(v.(vec), to(i), nil) }
}

// input writes tileInput, or with squares tileInputSquares.
func input(t transform, squares bool) {
	if squares {
		t.begin("tileInputSquares", "dst *float32, pitch int, x *float32, zero *float32, off *int32, tmp *float32, n int, squares *[8]float32",
			"is tileInput"+t.Name+", and sets squares to sums over the quarters of the middle pixels and, in four parts, over the border.")
	} else {
		t.begin("tileInput", "dst *float32, pitch int, x *float32, zero *float32, off *int32, tmp *float32, n int",
			"computes dst[pitch*i+c] = (BT d B)[i], d being the pixels x[off[i]:], or zero, for n channels.")
	}
	transformed := winograd.Input(t.Machine)
	// The sums are those of the first and the last pixel, and of each pair between them.
	apply := func(from, to func(i int) Mem, sums []vec) {
		var d []vector.Vec
		for i := range 6 {
			v := t.get(from(i))
			if d = append(d, v); sums != nil {
				t.AddMul(sums[(i+1)/2%3], v, v)
			}
		}
		transformed(d, t.put(to))
	}
	bytes := t.times(4, t.Int("n"))

	tmp, x, zero, off := t.pointer("tmp"), t.pointer("x"), t.pointer("zero"), t.pointer("off")
	to := t.series(tmp, bytes, 6)
	p, at := t.pointers(6), t.GP64()
	rows := func(n int, sums []vec) {
		t.repeat("row", n, func() {
			t.pixels(x, zero, off, 6, 1, p)
			t.channels(at, bytes, func() {
				apply(func(i int) Mem { return Mem{Base: p[i], Index: at, Scale: 1} }, to.at, sums)
				t.ADDQ(I32(t.Bytes()), tmp)
			})
			t.ADDQ(I32(24), off)
			t.LEAQ(Mem{Base: tmp, Index: to.step5, Scale: 1}, tmp)
		})
	}
	if squares {
		t.sumSquares(rows)
	} else {
		rows(6, nil)
	}

	dst, pitch := t.pointer("dst"), t.Int("pitch")
	src := t.series(t.pointer("tmp"), t.times(6, bytes), 6)
	to = t.series(dst, t.times(24, pitch), 6)
	back := t.GP64() // to the next column of dst
	t.MOVQ(pitch, back)
	t.SHLQ(U8(2), back)
	t.SUBQ(bytes, back)
	t.repeat("column", 6, func() {
		t.channels(at, bytes, func() {
			apply(src.at, to.at, nil)
			t.ADDQ(I32(t.Bytes()), src.base)
			t.ADDQ(I32(t.Bytes()), dst)
		})
		t.ADDQ(back, dst)
	})
	t.End()
}

// sumSquares has rows add squares while it transforms the rows of a tile, and stores the sums. Three sums at a time
// are all that AVX2 has registers for, and few enough additions to each.
func (t transform) sumSquares(rows func(n int, sums []vec)) {
	border, left, right := t.Zero(), t.Zero(), t.Zero()
	sums, at, upper := []vec{border, left, right}, t.pointer("squares"), t.AllocLocal(32)
	outer := func() { // the first or the last row
		rows(1, sums)
		t.VADDPS(left, border, border)
		t.VADDPS(right, border, border)
	}
	middle := func() { // two rows between them: sums of 4 lanes of left and right in left
		t.Clear(left)
		t.Clear(right)
		rows(2, sums)
		t.VHADDPS(t.fold(right), t.fold(left), left.AsY())
	}
	outer()
	middle()
	t.VMOVUPS(left.AsY(), upper)
	middle()
	t.VMOVUPS(upper, right.AsY())
	t.VHADDPS(left.AsY(), right.AsY(), left.AsY())
	t.VEXTRACTF128(U8(1), left.AsY(), right.AsX())
	t.VADDPS(right.AsX(), left.AsX(), left.AsX())
	t.VMOVUPS(left.AsX(), Mem{Base: at})
	t.Clear(left)
	t.Clear(right)
	outer()
	t.VEXTRACTF128(U8(1), t.fold(border), left.AsX())
	t.VADDPS(left.AsX(), border.AsX(), border.AsX())
	t.VMOVUPS(border.AsX(), Mem{Base: at, Disp: 16})
}

// fold returns the lower half of v, the upper half of 16 numbers having been added to it.
func (t transform) fold(v vec) reg.Register {
	if t.Wide() {
		high := t.YMM()
		t.VEXTRACTF64X4(U8(1), v, high)
		t.VADDPS(high, v.AsY(), v.AsY())
	}
	return v.AsY()
}

// finite sets the result to whether no lane of bad is NaN.
func (t transform) finite(bad vec) {
	ok := t.GP8()
	if t.Wide() {
		k, bits := t.K(), t.GP32()
		t.VCMPPS(U8(simd.Unordered), bad, bad, k)
		t.KMOVW(k, bits)
		t.TESTL(bits, bits)
	} else {
		bits := t.GP32()
		t.VCMPPS(U8(simd.Unordered), bad, bad, bad)
		t.VMOVMSKPS(bad, bits)
		t.TESTL(bits, bits)
	}
	t.SETEQ(ok)
	t.Context.Store(ok, t.Return("finite"))
}

func output(t transform) {
	t.begin("tileOutput", "y *float32, off *int32, m *float32, pitch int, tmp *float32, n int) (finite bool",
		"computes y[off[i]+c] = (AT d A)[i], d being m[pitch*i+c], for n channels; pixels with a negative offset are dropped.")
	transformed := winograd.Output(t.Machine)
	apply := func(from, to func(i int) Mem, result func(i int, v vec)) {
		transformed(func(i int) vector.Vec {
			if i == 0 {
				return from(i)
			}
			return t.get(from(i))
		}, func(i int, v vector.Vec) {
			t.put(to)(i, v)
			if result != nil {
				result(i, v.(vec))
			}
		})
	}
	bytes := t.times(4, t.Int("n"))

	tmp, pitch := t.pointer("tmp"), t.times(4, t.Int("pitch"))
	from, to := t.series(t.pointer("m"), pitch, 6), t.series(tmp, bytes, 4)
	at := t.GP64()
	back := t.times(6, pitch) // to the next row of m
	t.SUBQ(bytes, back)
	t.repeat("row", 6, func() {
		t.channels(at, bytes, func() {
			apply(from.at, to.at, nil)
			t.ADDQ(I32(t.Bytes()), from.base)
			t.ADDQ(I32(t.Bytes()), tmp)
		})
		t.ADDQ(back, from.base)
		t.LEAQ(Mem{Base: tmp, Index: to.step3, Scale: 1}, tmp)
	})

	// tmp has come to the end of what it holds between the passes; dropped pixels go behind that. A
	// product with zero is NaN for whatever is not finite.
	y, off := t.pointer("y"), t.pointer("off")
	zero, bad := t.Zero(), []vec{t.Zero(), t.Zero()} // one sum alone would be waited for
	from = t.series(t.pointer("tmp"), t.times(4, bytes), 6)
	p := t.pointers(4)
	t.repeat("column", 4, func() {
		t.pixels(y, tmp, off, 4, 4, p)
		t.channels(at, bytes, func() {
			apply(from.at, func(i int) Mem { return Mem{Base: p[i], Index: at, Scale: 1} }, func(i int, v vec) { t.AddMul(bad[i%2], v, zero) })
			t.ADDQ(I32(t.Bytes()), from.base)
		})
		t.ADDQ(I32(4), off)
	})
	t.finite(t.Add(bad[0], bad[1]))
	t.End()
}

func after(t transform) {
	t.begin("tileAfter", "y *float32, off *int32, bias *float32, add *float32, bounds *[2]float32, n int",
		"sets y[off[i]+c] to min(max(y[off[i]+c] + bias[c] + add[off[i]+c], bounds[0]), bounds[1]) for 16 pixels and n channels, without add if it is nil; negative offsets are left out.")
	y, off, bias, add := t.pointer("y"), t.pointer("off"), t.pointer("bias"), t.pointer("add")
	bounds, bytes := t.pointer("bounds"), t.times(4, t.Int("n"))
	lo, hi := t.Vec(), t.Vec()
	t.VBROADCASTSS(Mem{Base: bounds}, lo)
	t.VBROADCASTSS(Mem{Base: bounds, Disp: 4}, hi)
	pixel, more, at := t.GP64(), t.GP64(), t.GP64()
	t.repeat("pixel", 16, func() {
		skip, alone := t.Unique("skip"), t.Unique("alone")
		t.MOVL(Mem{Base: off}, more.As32())
		t.TESTL(more.As32(), more.As32())
		t.JS(LabelRef(skip))
		t.LEAQ(Mem{Base: y, Index: more, Scale: 4}, pixel)
		bound := func(v vec) {
			t.Store(t.AtMost(t.AtLeast(v, lo), hi).(vec), Mem{Base: pixel, Index: at, Scale: 1}, nil)
		}
		biased := func() vec {
			return t.Add(t.get(Mem{Base: bias, Index: at, Scale: 1}), Mem{Base: pixel, Index: at, Scale: 1})
		}
		t.TESTQ(add, add)
		t.JE(LabelRef(alone))
		t.LEAQ(Mem{Base: add, Index: more, Scale: 4}, more)
		t.channels(at, bytes, func() { bound(t.Add(biased(), Mem{Base: more, Index: at, Scale: 1})) })
		t.JMP(LabelRef(skip))
		t.Label(alone)
		t.channels(at, bytes, func() { bound(biased()) })
		t.Label(skip)
		t.ADDQ(I32(4), off)
	})
	t.End()
}

func weights(t transform) {
	t.begin("tileWeights", "dst *float32, pitch int, w *float32, n int",
		"computes dst[pitch*i+j] = (G g GT)[i], g being the nine weights w[n*i+j], for n numbers j.")
	transformed := winograd.Weights(t.Machine)
	apply := func(from, to func(i int) Mem) {
		transformed([3]vector.Vec{t.get(from(0)), t.get(from(1)), t.get(from(2))}, t.put(to))
	}
	n := t.Int("n")
	t.Attributes(0) // the stack may have to grow
	local := t.AllocLocal(18 * t.Bytes())
	pitch := t.times(4, t.Int("pitch"))
	dst, row := t.pointer("dst"), t.GP64()
	to := t.series(row, pitch, 6)
	rows := t.times(6, pitch)
	tap := t.times(4, n)
	from := t.series(t.pointer("w"), t.times(3, tap), 3)
	back := t.times(3, tap)
	t.SUBQ(I32(t.Bytes()), back)
	t.channels(t.GP64(), tap, func() {
		for s := range 3 {
			apply(from.at, func(i int) Mem { return local.Offset((3*i + s) * t.Bytes()) })
			t.ADDQ(tap, from.base)
		}
		t.MOVQ(dst, row)
		for i := range 6 {
			apply(func(s int) Mem { return local.Offset((3*i + s) * t.Bytes()) }, to.at)
			t.ADDQ(rows, row)
		}
		t.SUBQ(back, from.base)
		t.ADDQ(I32(t.Bytes()), dst)
	})
	t.End()
}

func gradient(t transform) {
	t.begin("tileGradient", "dst *float32, pitch int, y *float32, zero *float32, off *int32, tmp *float32, n int",
		"computes dst[pitch*i+c] = (A d AT)[i], d being the pixels y[off[i]:], or zero, for n channels.")
	transformed := winograd.Gradient(t.Machine)
	apply := func(from, to func(i int) Mem) {
		transformed([4]vector.Vec{t.get(from(0)), t.get(from(1)), t.get(from(2)), t.get(from(3))}, t.put(to))
	}
	bytes := t.times(4, t.Int("n"))
	tmp, y, zero, off := t.pointer("tmp"), t.pointer("y"), t.pointer("zero"), t.pointer("off")
	to := t.series(tmp, bytes, 6)
	p, at := t.pointers(4), t.GP64()
	t.repeat("row", 4, func() {
		t.pixels(y, zero, off, 4, 1, p)
		t.channels(at, bytes, func() {
			apply(func(i int) Mem { return Mem{Base: p[i], Index: at, Scale: 1} }, to.at)
			t.ADDQ(I32(t.Bytes()), tmp)
		})
		t.ADDQ(I32(16), off)
		t.LEAQ(Mem{Base: tmp, Index: to.step5, Scale: 1}, tmp)
	})

	dst, pitch := t.pointer("dst"), t.Int("pitch")
	src := t.series(t.pointer("tmp"), t.times(6, bytes), 4)
	to = t.series(dst, t.times(24, pitch), 6)
	back := t.GP64() // to the next column of dst
	t.MOVQ(pitch, back)
	t.SHLQ(U8(2), back)
	t.SUBQ(bytes, back)
	t.repeat("column", 6, func() {
		t.channels(at, bytes, func() {
			apply(src.at, to.at)
			t.ADDQ(I32(t.Bytes()), src.base)
			t.ADDQ(I32(t.Bytes()), dst)
		})
		t.ADDQ(back, dst)
	})
	t.End()
}

func weightGrad(t transform) {
	t.begin("tileWeightGrad", "dw *float32, m *float32, pitch int, n int) (finite bool",
		"computes dw[n*i+j] = (GT d G)[i], d being m[pitch*i+j], for n numbers j.")
	t.Attributes(0) // the stack may have to grow
	transformed := winograd.WeightGrad(t.Machine)
	apply := func(from, to func(i int) Mem, result func(v vec)) {
		transformed(func(i int) vector.Vec { return t.get(from(i)) }, func(i int, v vector.Vec) {
			t.put(to)(i, v)
			if result != nil {
				result(v.(vec))
			}
		})
	}
	local := t.AllocLocal(18 * t.Bytes())
	pitch, tap := t.times(4, t.Int("pitch")), t.times(4, t.Int("n"))
	m, row := t.pointer("m"), t.GP64()
	from := t.series(row, pitch, 6)
	rows := t.times(6, pitch)
	dw := t.pointer("dw")
	to := t.series(dw, t.times(3, tap), 3)
	back := t.times(3, tap)
	t.SUBQ(I32(t.Bytes()), back)
	zero, bad := t.Zero(), t.Zero()
	t.channels(t.GP64(), tap, func() {
		t.MOVQ(m, row)
		for i := range 6 {
			apply(from.at, func(s int) Mem { return local.Offset((6*s + i) * t.Bytes()) }, nil)
			t.ADDQ(rows, row)
		}
		for s := range 3 {
			apply(func(i int) Mem { return local.Offset((6*s + i) * t.Bytes()) }, to.at, func(v vec) { t.AddMul(bad, v, zero) })
			t.ADDQ(tap, dw)
		}
		t.SUBQ(back, dw)
		t.ADDQ(I32(t.Bytes()), m)
	})
	t.finite(bad)
	t.End()
}
