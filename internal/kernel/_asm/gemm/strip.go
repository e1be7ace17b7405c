package main

import (
	"fmt"
	"go/types"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// stripForm is one of the kernels of Strip.
type stripForm struct {
	name string
	wide int  // vectors in a row of a tile
	rows int  // of the tallest tile
	tail bool // the last vector may be cut short
}

// strips writes the kernels of Strip: two whole vectors wide, two with the second one masked, and one
// masked vector wide with twice the rows, which has as many sums to hide the latency of the
// multiply-adds behind.
func (v isa) strips(pkg *types.Package) {
	v.strip(pkg, stripForm{"strip" + v.name, 2, v.mr, false})
	v.strip(pkg, stripForm{"stripTail" + v.name, 2, v.mr, true})
	v.strip(pkg, stripForm{"stripNarrow" + v.name, 1, 2 * v.mr, true})
}

// The registers of a strip. A row of A is reached from the base for each five rows, by 0 to 4 times
// the distance of rows.
var (
	stripBases = []reg.GPPhysical{reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI}
	stripRow   = reg.R8 // distances in bytes: of rows of A,
	stripRow3  = reg.R9 // three rows of it,
	stripStep  = reg.R10
	stripLDB   = reg.R11 // rows of B,
	stripLDC   = reg.R12 // and rows of C
	stripB     = reg.RDI
	stripC     = reg.R13
	stripCount = reg.R14
	stripAhead = reg.R15
	stripBytes = reg.RBP // of each move of stripAhead
)

// stripRowOf returns the address of row i of A in a step.
func stripRowOf(i int) Mem {
	m := Mem{Base: stripBases[i/5]}
	switch i % 5 {
	case 0:
		return m
	case 3:
		m.Index, m.Scale = stripRow3, 1
	default:
		m.Index, m.Scale = stripRow, uint8(i%5)
	}
	return m
}

func (v isa) strip(pkg *types.Package, f stripForm) {
	field := v.begin(pkg, f.name, "Strip", f.name+" computes a column of tiles.")
	left, a, rows := v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8)
	args := reg.RAX
	v.Load(v.Param("t"), args)
	for _, p := range []struct {
		from string
		to   reg.GPPhysical
	}{{"RowA", stripRow}, {"StepA", stripStep}, {"LDB", stripLDB}, {"LDC", stripLDC}} {
		v.MOVQ(field(args, p.from), p.to)
		v.SHLQ(U8(2), p.to)
	}
	v.LEAQ(Mem{Base: stripRow, Index: stripRow, Scale: 2}, stripRow3)
	if f.tail {
		v.tailMask(field(args, "Cols"), (f.wide-1)*v.lanes, reg.RBX)
	}
	for _, p := range []struct {
		from string
		to   Mem
	}{{"M", left}, {"A", a}, {"Rows", rows}} {
		v.MOVQ(field(args, p.from), reg.RBX)
		v.MOVQ(reg.RBX, p.to)
	}
	v.MOVQ(field(args, "C"), stripC)
	v.MOVQ(field(args, "Ahead"), stripAhead)
	v.MOVQ(field(args, "AheadStep"), stripBytes)

	v.Label("tile")
	v.MOVQ(left, reg.RAX)
	v.CMPQ(reg.RAX, rows)
	v.CMOVQGT(rows, reg.RAX)
	for i := f.rows; i > 1; i-- {
		v.CMPQ(reg.RAX, U8(i))
		v.JE(LabelRef(fmt.Sprintf("rows%d", i)))
	}
	for n := 1; n <= f.rows; n++ {
		v.stripTile(field, f, n, left, a)
	}
}

// stripTile writes the variant for n rows, which leads on to the next tile.
func (v isa) stripTile(field func(reg.Register, string) Mem, f stripForm, n int, left, a Mem) {
	label := fmt.Sprint(n)
	var sums [][]reg.VecPhysical
	for i := range n {
		sums = append(sums, v.regs[f.wide*i:f.wide*(i+1)])
	}
	free := v.regs[2*v.mr:]
	bs, bcast := free[:f.wide], free[f.wide:]
	if f.tail && v.name == "AVX2" {
		bcast = bcast[:len(bcast)-1] // the last one is the mask
	}
	bases := stripBases[:(n+4)/5]
	v.Label("rows" + label)
	v.MOVQ(stripC, stripCount)
	for i := range n { // C is fetched while the sums form
		for j := range f.wide {
			v.PREFETCHT0(Mem{Base: stripCount, Disp: 4 * v.lanes * j})
		}
		if i+1 < n {
			v.ADDQ(stripLDC, stripCount)
		}
	}
	v.Load(v.Param("t"), reg.RDI)
	v.MOVQ(field(reg.RDI, "K"), stripCount)
	v.MOVQ(field(reg.RDI, "B"), stripB)
	v.MOVQ(a, bases[0])
	for i := 1; i < len(bases); i++ {
		v.LEAQ(Mem{Base: bases[i-1], Index: stripRow, Scale: 4}, bases[i])
		v.ADDQ(stripRow, bases[i])
	}
	for _, s := range sums {
		for _, r := range s {
			v.clear(r)
		}
	}

	v.Label("step" + label)
	for j, r := range bs {
		if m := (Mem{Base: stripB, Disp: 4 * v.lanes * j}); f.tail && j == f.wide-1 {
			v.loadTail(m, r)
		} else {
			v.VMOVUPS(m, r)
		}
	}
	for i, s := range sums {
		t := bcast[i%len(bcast)]
		v.VBROADCASTSS(stripRowOf(i), t)
		for j := range bs {
			v.VFMADD231PS(t, bs[j], s[j])
		}
	}
	if f.wide == 2 { // a narrow tile has no load to spare
		v.PREFETCHT1(Mem{Base: stripAhead})
		v.ADDQ(stripBytes, stripAhead)
	}
	for _, b := range bases {
		v.ADDQ(stripStep, b)
	}
	v.ADDQ(stripLDB, stripB)
	v.DECQ(stripCount)
	v.JNE(LabelRef("step" + label))

	v.Load(v.Param("t"), reg.RDI)
	if f.wide == 2 {
		v.ADDQ(field(reg.RDI, "AheadTile"), stripAhead)
	}
	v.CMPQ(field(reg.RDI, "Acc"), U8(0))
	v.JE(LabelRef("store" + label))
	v.MOVQ(stripC, reg.RAX)
	for i, s := range sums {
		for j, r := range s {
			if m := (Mem{Base: reg.RAX, Disp: 4 * v.lanes * j}); f.tail && j == f.wide-1 {
				v.loadTail(m, bcast[0])
				v.VADDPS(bcast[0], r, r)
			} else {
				v.VADDPS(m, r, r)
			}
		}
		if i+1 < n {
			v.ADDQ(stripLDC, reg.RAX)
		}
	}
	v.Label("store" + label)
	if f.tail && v.name == "AVX2" {
		v.storeTails(label, field, f, sums)
	}
	for _, s := range sums {
		for j, r := range s {
			if m := (Mem{Base: stripC, Disp: 4 * v.lanes * j}); !f.tail || j < f.wide-1 {
				v.VMOVUPS(r, m)
			} else if v.name == "AVX512" {
				v.VMOVUPS(r, reg.K1, m)
			}
		}
		v.ADDQ(stripLDC, stripC)
	}

	v.MOVQ(a, reg.RBX)
	v.ADDQ(stripRow, reg.RBX)
	for range (n - 1) / 3 {
		v.ADDQ(stripRow3, reg.RBX)
	}
	for range (n - 1) % 3 {
		v.ADDQ(stripRow, reg.RBX)
	}
	v.MOVQ(reg.RBX, a)
	v.SUBQ(U8(n), left)
	v.JNE(LabelRef("tile"))
	v.VZEROUPPER()
	v.RET()
}

// storeTails stores the last vectors of a tile without masks: a masked store takes twelve cycles on
// Zen 3. Binary digits of the number of columns say whether to store four, two and one element, and
// what is left moves down.
func (v isa) storeTails(label string, field func(reg.Register, string) Mem, f stripForm, sums [][]reg.VecPhysical) {
	cols, at := reg.RBX, reg.RCX
	v.MOVQ(field(reg.RDI, "Cols"), cols)
	v.LEAQ(Mem{Base: stripC, Disp: 4 * v.lanes * (f.wide - 1)}, at)
	each := func(bit int, put func(r reg.VecPhysical, m Mem)) {
		skip := fmt.Sprintf("without%d_%s", bit, label)
		v.TESTQ(U32(bit), cols)
		v.JE(LabelRef(skip))
		v.MOVQ(at, reg.RAX)
		for i, s := range sums {
			put(s[f.wide-1], Mem{Base: reg.RAX})
			if i+1 < len(sums) {
				v.ADDQ(stripLDC, reg.RAX)
			}
		}
		v.ADDQ(U8(4*bit), at)
		v.Label(skip)
	}
	if f.wide == 2 { // 16 columns do not come here
		v.SUBQ(U8(v.lanes), cols)
	}
	each(8, func(r reg.VecPhysical, m Mem) { v.VMOVUPS(r, m) })
	each(4, func(r reg.VecPhysical, m Mem) {
		v.VMOVUPS(r.AsX(), m)
		v.VEXTRACTF128(U8(1), r, r.AsX())
	})
	each(2, func(r reg.VecPhysical, m Mem) {
		v.VMOVLPS(r.AsX(), m)
		v.VPERMILPD(U8(1), r.AsX(), r.AsX())
	})
	each(1, func(r reg.VecPhysical, m Mem) { v.VMOVSS(r.AsX(), m) })
}
