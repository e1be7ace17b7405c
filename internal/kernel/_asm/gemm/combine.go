package main

import (
	"fmt"
	"go/types"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// combineRows is the most of Combine: the broadcasts of eight elements of A leave half of sixteen vectors.
const combineRows = 8

// The registers of combine; distances are in bytes. Rows 0 to 4 of B are reached from the first base,
// rows 5 to 7 from the second.
var (
	combineA, combineC, combineCount   = reg.RSI, reg.RDI, reg.RCX
	combineB                           = []reg.GPPhysical{reg.RAX, reg.RBX}
	combineLDB, combineLDB3, combineBs = reg.R8, reg.R9, reg.R10
	combineRow, combineStep, combineM  = reg.R11, reg.R12, reg.R13
	combineLDC, combineCs              = reg.R14, reg.R15
	combineNext                        = []reg.GPPhysical{reg.RBP, reg.RDX} // bases eight rows further down
)

// combine writes the kernel of Combine: a variant for each number of rows of B, which holds the elements
// of A broadcast in registers and goes along B and C.
func (v isa) combine(pkg *types.Package, name string) {
	field := v.begin(pkg, name, "Combine", name+" computes linear combinations of a few rows.")
	args := reg.RDX
	v.Load(v.Param("t"), args)
	v.MOVQ(field(args, "N"), reg.RCX)
	v.ANDQ(U8(v.lanes-1), reg.RCX)
	v.tailMaskOf(reg.RAX)
	v.flagMask(field(args, "Acc"), reg.RAX)
	for _, p := range []struct {
		from string
		to   reg.GPPhysical
	}{{"RowA", combineRow}, {"StepA", combineStep}, {"LDB", combineLDB}, {"LDC", combineLDC}} {
		v.MOVQ(field(args, p.from), p.to)
		v.SHLQ(U8(2), p.to)
	}
	v.LEAQ(Mem{Base: combineLDB, Index: combineLDB, Scale: 2}, combineLDB3)
	v.MOVQ(field(args, "M"), combineM)
	v.MOVQ(field(args, "A"), combineA)
	v.MOVQ(field(args, "B"), combineBs)
	v.MOVQ(field(args, "C"), combineCs)
	v.MOVQ(field(args, "K"), reg.RAX)
	for n := combineRows; n > 1; n-- {
		v.CMPQ(reg.RAX, U8(n))
		v.JE(LabelRef(fmt.Sprintf("row%d", n)))
	}
	for n := 1; n <= combineRows; n++ {
		v.combineRow(field, n)
	}
}

func (v isa) combineRow(field func(reg.Register, string) Mem, n int) {
	label := fmt.Sprint(n)
	xs, sums, tmp := v.regs[:n], v.regs[8:12], v.regs[12]
	at := func(bases []reg.GPPhysical, p, disp int) Mem {
		m := Mem{Base: bases[p/5], Disp: disp}
		switch p % 5 {
		case 0:
		case 3:
			m.Index, m.Scale = combineLDB3, 1
		default:
			m.Index, m.Scale = combineLDB, uint8(p%5)
		}
		return m
	}
	row := func(p, disp int) Mem { return at(combineB, p, disp) }
	advance := func(vectors int) {
		v.ADDQ(U32(4*v.lanes*vectors), combineB[0])
		if n > 5 {
			v.ADDQ(U32(4*v.lanes*vectors), combineB[1])
		}
		v.ADDQ(U32(4*v.lanes*vectors), combineC)
		if n == combineRows {
			v.ADDQ(U32(4*v.lanes*vectors), combineNext[0])
			v.ADDQ(U32(4*v.lanes*vectors), combineNext[1])
		}
	}
	loop := func(name string, vectors int) {
		v.Label(name + label)
		v.SUBQ(U8(vectors*v.lanes), combineCount)
		v.JLT(LabelRef("end" + name + label))
		for u := range vectors {
			v.loadIf(Mem{Base: combineC, Disp: 4 * v.lanes * u}, sums[u])
		}
		for p, x := range xs {
			for u := range vectors {
				v.VFMADD231PS(row(p, 4*v.lanes*u), x, sums[u])
			}
		}
		for u := range vectors {
			v.VMOVUPS(sums[u], Mem{Base: combineC, Disp: 4 * v.lanes * u})
		}
		for disp := 0; n == combineRows && vectors > 1 && disp < 4*v.lanes*vectors; disp += 64 {
			for p := range n { // the rows that come after these
				v.PREFETCHT1(at(combineNext, p, disp))
			}
		}
		advance(vectors)
		v.JMP(LabelRef(name + label))
		v.Label("end" + name + label)
		v.ADDQ(U8(vectors*v.lanes), combineCount)
	}

	v.Label("row" + label)
	v.MOVQ(combineA, reg.RDX)
	for p, x := range xs {
		v.VBROADCASTSS(Mem{Base: reg.RDX}, x)
		if p+1 < n {
			v.ADDQ(combineStep, reg.RDX)
		}
	}
	v.ADDQ(combineRow, combineA)
	v.MOVQ(combineBs, combineB[0])
	if n > 5 {
		v.LEAQ(Mem{Base: combineBs, Index: combineLDB, Scale: 4}, combineB[1])
		v.ADDQ(combineLDB, combineB[1])
	}
	v.MOVQ(combineCs, combineC)
	v.ADDQ(combineLDC, combineCs)
	v.Load(v.Param("t"), reg.RDX)
	v.MOVQ(field(reg.RDX, "N"), combineCount)
	if n == combineRows {
		v.LEAQ(Mem{Base: combineB[0], Index: combineLDB, Scale: 8}, combineNext[0])
		v.LEAQ(Mem{Base: combineB[1], Index: combineLDB, Scale: 8}, combineNext[1])
	}
	loop("four", 4)
	loop("one", 1)
	v.TESTQ(combineCount, combineCount)
	v.JE(LabelRef("next" + label))
	v.loadTailIf(Mem{Base: combineC}, sums[0])
	for p, x := range xs {
		v.loadTail(row(p, 0), tmp)
		v.VFMADD231PS(tmp, x, sums[0])
	}
	v.storeTail(sums[0], Mem{Base: combineC})
	v.Label("next" + label)
	v.DECQ(combineM)
	v.JNE(LabelRef("row" + label))
	v.VZEROUPPER()
	v.RET()
}
