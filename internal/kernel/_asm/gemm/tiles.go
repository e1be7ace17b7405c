package main

import (
	"fmt"
	"go/types"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dispatch jumps to the variant for the number of rows in r, the tallest first.
func (v isa) dispatch(r Mem, tallest int) {
	for i := tallest; i > 1; i-- {
		v.CMPQ(r, U8(i))
		v.JE(LabelRef(fmt.Sprintf("rows%d", i)))
	}
}

// tileRegs deals out the vector registers: the sums row by row, then a row of B, then broadcasts.
func (v isa) tileRegs(rows, wide int) (sums [][]reg.VecPhysical, b, bcast []reg.VecPhysical) {
	n := 0
	for range rows {
		sums = append(sums, v.regs[n:n+wide])
		n += wide
	}
	free := v.regs[len(v.regs)-max(4, len(v.regs)-2*v.mr):]
	return sums, free[:wide], free[wide:]
}

// step multiplies one row of B with a broadcast of each row of A.
func (v isa) step(sums [][]reg.VecPhysical, b, bcast []reg.VecPhysical, masked bool, row Mem, a func(i int) Mem, broadcast func(Mem, reg.VecPhysical)) {
	for j, r := range b {
		if m := row.Offset(4 * v.lanes * j); masked {
			v.loadB(m, j, r)
		} else {
			v.VMOVUPS(m, r)
		}
	}
	for i, s := range sums {
		t := bcast[i%len(bcast)]
		broadcast(a(i), t)
		for j := range b {
			v.VFMADD231PS(t, b[j], s[j])
		}
	}
}

// finish adds C when acc says so, does what comes after, and stores. at leads to row i of C.
func (v isa) finish(label string, cols, acc Mem, sums [][]reg.VecPhysical, tmp reg.VecPhysical, at func(i int) Mem, after func()) {
	full := v.lanes * len(sums[0])
	v.CMPQ(acc, U8(0))
	v.JE(LabelRef("store" + label))
	for i, s := range sums {
		m := at(i)
		for j := range s {
			v.addMasked(m.Offset(4*v.lanes*j), j, s[j], tmp)
		}
	}
	v.Label("store" + label)
	after()
	v.CMPQ(cols, U8(full))
	v.JNE(LabelRef("masked" + label))
	for i, s := range sums {
		m := at(i)
		for j := range s {
			v.VMOVUPS(s[j], m.Offset(4*v.lanes*j))
		}
	}
	v.VZEROUPPER()
	v.RET()
	v.Label("masked" + label)
	for i, s := range sums {
		m := at(i)
		for j := range s {
			v.store(s[j], m.Offset(4*v.lanes*j), j)
		}
	}
	v.VZEROUPPER()
	v.RET()
}

// rows writes the kernel of Rows, wide vectors wide.
//
// A paired kernel makes a tile one vector wide of two: it broadcasts two neighbouring elements of A
// at once and multiplies them with pairs of B, so that the even and the odd lanes hold the sums over
// the even and the odd steps. Tiles with few columns then cost as few loads as the wide ones.
func (v isa) rows(pkg *types.Package, name string, wide int, pair bool) {
	field := v.begin(pkg, name, "Rows", name+" computes a tile with a table of rows.")
	l := rowsLocals{v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8)}
	b, ahead := reg.R14, reg.R15
	args := reg.RAX
	v.Load(v.Param("t"), args)
	v.masks(field(args, "Cols"), reg.RBX)
	v.MOVQ(field(args, "Inner"), reg.RCX)
	v.SHLQ(U8(2), reg.RCX)
	for _, p := range []struct {
		from string
		to   Mem
	}{{"A", l.aEnd}, {"Zero", l.zeroEnd}} { // rows are addressed from their ends, so that one counter serves all
		v.MOVQ(field(args, p.from), reg.RDX)
		v.ADDQ(reg.RCX, reg.RDX)
		v.MOVQ(reg.RDX, p.to)
	}
	v.NEGQ(reg.RCX)
	v.MOVQ(reg.RCX, l.inner)
	v.MOVQ(field(args, "LDB"), reg.RDX)
	v.SHLQ(U8(2), reg.RDX)
	v.MOVQ(reg.RDX, l.ldb)
	for _, p := range []struct {
		from string
		to   Mem
	}{{"Off", l.off}, {"Taps", l.taps}, {"AheadStep", l.aheadStep}} {
		v.MOVQ(field(args, p.from), reg.RDX)
		v.MOVQ(reg.RDX, p.to)
	}
	v.MOVQ(field(args, "B"), b)
	v.MOVQ(field(args, "Ahead"), ahead)
	v.dispatch(field(args, "Rows"), v.mr)
	for n := 1; n <= v.mr; n++ {
		v.rowsTile(field, l, n, wide, pair)
	}
}

// rowsLocals are what a rows kernel keeps on the stack, its registers being taken by the rows.
type rowsLocals struct{ aEnd, zeroEnd, taps, off, inner, ldb, aheadStep Mem }

// rowsTile writes the variant for n rows.
func (v isa) rowsTile(field func(reg.Register, string) Mem, l rowsLocals, n, wide int, pair bool) {
	b, ahead, at := reg.R14, reg.R15, reg.RBP // at runs from -Inner to 0, in bytes
	label := fmt.Sprint(n)
	sums, bs, bcast := v.tileRegs(n, wide)
	v.Label("rows" + label)
	v.Load(v.Param("t"), reg.RAX)
	v.MOVQ(field(reg.RAX, "Out"), reg.RBX)
	v.MOVQ(field(reg.RAX, "C"), reg.RCX)
	for i := range n { // C is fetched while the sums form
		v.MOVLQSX(Mem{Base: reg.RBX, Disp: 4 * i}, reg.RDX)
		v.PREFETCHT0(Mem{Base: reg.RCX, Index: reg.RDX, Scale: 4})
		if wide == 2 && !pair {
			v.PREFETCHT0(Mem{Base: reg.RCX, Index: reg.RDX, Scale: 4, Disp: 4 * v.lanes})
		}
	}
	v.MOVQ(field(reg.RAX, "Add"), reg.RCX)
	v.TESTQ(reg.RCX, reg.RCX)
	v.JE(LabelRef("clear" + label))
	for i := range n {
		v.MOVLQSX(Mem{Base: reg.RBX, Disp: 4 * i}, reg.RDX)
		v.PREFETCHT0(Mem{Base: reg.RCX, Index: reg.RDX, Scale: 4})
		if wide == 2 && !pair {
			v.PREFETCHT0(Mem{Base: reg.RCX, Index: reg.RDX, Scale: 4, Disp: 4 * v.lanes})
		}
	}
	v.Label("clear" + label)
	for _, s := range sums {
		for _, r := range s {
			v.clear(r)
		}
	}
	v.CMPQ(l.taps, U8(0))
	v.JE(LabelRef("done" + label))

	v.Label("tap" + label)
	table := rowRegs[n-1] // the last row's pointer replaces the table's
	v.MOVQ(l.off, table)
	v.ADDQ(U8(4*n), l.off)
	v.MOVQ(l.aEnd, at)
	for i := range n {
		p := rowRegs[i]
		v.MOVL(Mem{Base: table, Disp: 4 * i}, p.As32())
		v.TESTL(p.As32(), p.As32())
		v.LEAQ(Mem{Base: at, Index: p, Scale: 4}, p)
		v.CMOVQMI(l.zeroEnd, p)
	}
	v.MOVQ(l.inner, at)

	v.Label("step" + label)
	size, broadcast := 4, func(m Mem, r reg.VecPhysical) { v.VBROADCASTSS(m, r) }
	if pair {
		size, broadcast = 8, func(m Mem, r reg.VecPhysical) { v.VBROADCASTSD(m, r) }
	}
	v.step(sums, bs, bcast, false, Mem{Base: b}, func(i int) Mem { return Mem{Base: rowRegs[i], Index: at, Scale: 1} }, broadcast)
	if wide == 2 { // a narrow tile has no load to spare
		v.PREFETCHT1(Mem{Base: ahead})
		v.ADDQ(l.aheadStep, ahead)
	}
	v.ADDQ(l.ldb, b)
	v.ADDQ(U8(size), at)
	v.JNE(LabelRef("step" + label))
	v.DECQ(l.taps)
	v.JNE(LabelRef("tap" + label))

	v.Label("done" + label)
	args, out, c, row, more := reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI
	v.Load(v.Param("t"), args)
	if pair { // add even and odd lanes; the order of B makes the columns come out in order
		for i, s := range sums {
			v.VSHUFPS(U8(0xdd), s[1], s[0], bcast[0])
			v.VSHUFPS(U8(0x88), s[1], s[0], s[0])
			v.VADDPS(bcast[0], s[0], s[0])
			sums[i] = s[:1]
		}
	}
	if v.name == "AVX2" {
		v.masks(field(args, "Cols"), reg.RBX)
	}
	v.MOVQ(field(args, "Out"), out)
	v.MOVQ(field(args, "C"), c)
	rowOf := func(base reg.GPPhysical, i int) Mem {
		v.MOVLQSX(Mem{Base: out, Disp: 4 * i}, row)
		return Mem{Base: base, Index: row, Scale: 4}
	}
	v.finish(label, field(args, "Cols"), field(args, "Acc"), sums, bcast[0], func(i int) Mem { return rowOf(c, i) }, func() {
		v.after(label, func(name string) Mem { return field(args, name) }, sums, bcast, more, rowOf)
	})
}

// after writes what comes after the sums: a bias, something to add, and bounds, each if it is there. more is free.
func (v isa) after(label string, field func(string) Mem, sums [][]reg.VecPhysical, tmp []reg.VecPhysical, more reg.GPPhysical, at func(base reg.GPPhysical, i int) Mem) {
	skip := func(flag Mem, n int, to string) {
		v.CMPQ(flag, U8(n))
		v.JE(LabelRef(to + label))
	}
	skip(field("Bias"), 0, "unbiased")
	v.MOVQ(field("Bias"), more)
	for j := range sums[0] {
		v.loadMasked(Mem{Base: more, Disp: 4 * v.lanes * j}, j, tmp[0])
		for _, s := range sums {
			v.VADDPS(tmp[0], s[j], s[j])
		}
	}
	v.Label("unbiased" + label)
	skip(field("Add"), 0, "added")
	v.MOVQ(field("Add"), more)
	for i, s := range sums {
		m := at(more, i)
		for j := range s {
			v.addMasked(m.Offset(4*v.lanes*j), j, s[j], tmp[0])
		}
	}
	v.Label("added" + label)
	skip(field("Bounds"), 0, "bounded")
	v.VBROADCASTSS(field("Lo"), tmp[0])
	for _, s := range sums {
		for _, r := range s {
			v.VMAXPS(r, tmp[0], r) // r if it is NaN, and if both are 0
		}
	}
	skip(field("Bounds"), 1, "bounded")
	v.VBROADCASTSS(field("Hi"), tmp[0])
	for _, s := range sums {
		for _, r := range s {
			v.VMINPS(r, tmp[0], r)
		}
	}
	v.Label("bounded" + label)
}

// outer writes the kernel of Outer, wide vectors wide.
//
// A narrow kernel would need as many loads as multiplications. It takes the rows in pairs instead:
// neighbouring elements of A are broadcast together and multiplied with a vector of B in which every
// element stands twice, which takes two registers, so that the even lanes hold the sums of one row and
// the odd lanes those of the next.
func (v isa) outer(pkg *types.Package, name string, wide int) {
	field := v.begin(pkg, name, "Outer", name+" computes a tile as a sum of outer products.")
	args, a, b, lda, ldb, count, seg, segs := reg.RAX, reg.RBX, reg.RSI, reg.RDX, reg.RDI, reg.R8, reg.R9, reg.R10
	ahead, aheadStep := reg.R11, reg.R12
	v.Load(v.Param("t"), args)
	v.masks(field(args, "Cols"), reg.RBX)
	v.MOVQ(field(args, "Seg"), seg)
	v.MOVQ(field(args, "Segs"), segs)
	v.MOVQ(field(args, "LDA"), lda)
	v.SHLQ(U8(2), lda)
	v.MOVQ(field(args, "LDB"), ldb)
	v.SHLQ(U8(2), ldb)
	v.MOVQ(field(args, "Ahead"), ahead)
	v.MOVQ(field(args, "AheadStep"), aheadStep)
	tallest := v.mr
	if wide == 1 {
		tallest = v.narrowRows
	}
	v.dispatch(field(args, "Rows"), tallest)
	for n := 1; n <= tallest; n++ {
		label := fmt.Sprint(n)
		sums, bs, bcast := v.tileRegs(n, wide)
		if wide == 1 {
			sums, bs, bcast = v.tileRegs((n+1)/2, 2)
		}
		v.Label("rows" + label)
		v.MOVQ(field(args, "C"), a)
		v.MOVQ(field(args, "LDC"), b)
		for range n { // C is fetched while the sums form
			v.PREFETCHT0(Mem{Base: a})
			if wide == 2 {
				v.PREFETCHT0(Mem{Base: a, Disp: 4 * v.lanes})
			}
			v.LEAQ(Mem{Base: a, Index: b, Scale: 4}, a)
		}
		for _, s := range sums {
			for _, r := range s {
				v.clear(r)
			}
		}
		v.TESTQ(segs, segs)
		v.JE(LabelRef("done" + label))
		v.Label("segment" + label)
		for i, p := range []struct {
			field string
			reg   reg.GPPhysical
		}{{"A", a}, {"B", b}} {
			v.MOVLQSX(Mem{Base: seg, Disp: 4 * i}, p.reg)
			v.SHLQ(U8(2), p.reg)
			v.ADDQ(field(args, p.field), p.reg)
		}
		v.MOVLQSX(Mem{Base: seg, Disp: 8}, count)
		v.ADDQ(U8(12), seg)
		v.Label("step" + label)
		if wide == 1 {
			v.pairStep(n, sums, bs, bcast, a, b)
		} else {
			v.step(sums, bs, bcast, true, Mem{Base: b}, func(i int) Mem { return Mem{Base: a, Disp: 4 * i} },
				func(m Mem, r reg.VecPhysical) { v.VBROADCASTSS(m, r) })
		}
		v.PREFETCHT1(Mem{Base: ahead})
		v.ADDQ(aheadStep, ahead)
		v.ADDQ(lda, a)
		v.ADDQ(ldb, b)
		v.DECQ(count)
		v.JNE(LabelRef("step" + label))
		v.DECQ(segs)
		v.JNE(LabelRef("segment" + label))

		v.Label("done" + label)
		if wide == 1 {
			sums = v.unpair(n, sums, bcast[0])
		}
		if v.name == "AVX2" {
			v.masks(field(args, "Cols"), reg.RBX)
		}
		c, ldc := reg.RBX, reg.RDX
		v.MOVQ(field(args, "LDC"), ldc)
		v.SHLQ(U8(2), ldc)
		v.MOVQ(field(args, "C"), c)
		v.finish(label, field(args, "Cols"), field(args, "Acc"), sums, bcast[0], func(i int) Mem {
			if i == 0 {
				v.MOVQ(field(args, "C"), c)
			} else {
				v.ADDQ(ldc, c)
			}
			return Mem{Base: c}
		}, func() {})
	}
}

// pairStep multiplies one row of B with the rows of A in pairs, the last one alone when n is odd.
func (v isa) pairStep(n int, sums [][]reg.VecPhysical, bs, bcast []reg.VecPhysical, a, b reg.GPPhysical) {
	v.loadB(Mem{Base: b}, 0, bs[1])
	v.VUNPCKLPS(bs[1], bs[1], bs[0])
	v.VUNPCKHPS(bs[1], bs[1], bs[1])
	for i, s := range sums {
		t := bcast[i%len(bcast)]
		if m := (Mem{Base: a, Disp: 8 * i}); 2*i+1 < n {
			v.VBROADCASTSD(m, t)
		} else {
			v.VBROADCASTSS(m, t)
		}
		v.VFMADD231PS(t, bs[0], s[0])
		v.VFMADD231PS(t, bs[1], s[1])
	}
}

// unpair sorts the lanes of pairs of rows into rows of one vector. Unpacking B within 128-bit lanes
// and shuffling the sums within them leaves the columns in order.
func (v isa) unpair(n int, sums [][]reg.VecPhysical, tmp reg.VecPhysical) (rows [][]reg.VecPhysical) {
	for _, s := range sums {
		v.VSHUFPS(U8(0x88), s[1], s[0], tmp)
		v.VSHUFPS(U8(0xdd), s[1], s[0], s[1])
		v.VMOVUPS(tmp, s[0])
		rows = append(rows, s[:1], s[1:2])
	}
	return rows[:n]
}

// peak writes a loop of independent multiply-adds, the yardstick of the benchmarks: n steps of
// lanes x 2 mr multiplications.
func (v isa) peak(name string) {
	v.Function(name)
	v.Attributes(nosplit)
	v.SignatureExpr("func(n int)")
	v.Doc(name + " runs n steps of 2 x mr independent vector multiply-adds.")
	n := reg.RAX
	v.Load(v.Param("n"), n)
	for _, r := range v.regs {
		v.clear(r)
	}
	v.Label("loop")
	for i := range 2 * v.mr {
		v.VFMADD231PS(v.regs[len(v.regs)-1], v.regs[len(v.regs)-2], v.regs[i])
	}
	v.DECQ(n)
	v.JNE(LabelRef("loop"))
	v.VZEROUPPER()
	v.RET()
}
