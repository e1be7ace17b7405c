package main

import (
	"fmt"
	"go/types"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// dotRows and dotCols are the most of Dots: twelve sums, which leave four vectors of sixteen for operands.
const dotRows, dotCols = 3, 4

// dots writes the kernel of Dots: a variant for each number of rows and columns.
func (v isa) dots(pkg *types.Package, name string) {
	field := v.begin(pkg, name, "Dots", name+" computes dot products of a few rows.")
	args := reg.RAX
	v.Load(v.Param("t"), args)
	v.MOVQ(field(args, "A"), dotsA)
	v.MOVQ(field(args, "B"), dotsB)
	v.MOVQ(field(args, "LDA"), dotsLDA)
	v.SHLQ(U8(2), dotsLDA)
	v.MOVQ(field(args, "LDB"), dotsLDB)
	v.SHLQ(U8(2), dotsLDB)
	v.LEAQ(Mem{Base: dotsLDB, Index: dotsLDB, Scale: 2}, dotsLDB3)
	v.MOVQ(field(args, "K"), dotsCount)
	v.SHRQ(U8(map[int]uint8{8: 3, 16: 4}[v.lanes]), dotsCount)
	rows, cols := reg.R12, reg.R13
	v.MOVQ(field(args, "Rows"), rows)
	v.MOVQ(field(args, "Cols"), cols)
	v.LEAQ(Mem{Base: cols, Index: rows, Scale: 8}, rows)
	for r := dotRows; r >= 1; r-- {
		for c := dotCols; c >= 1; c-- {
			if r+c > 2 {
				v.CMPQ(rows, U8(8*r+c))
				v.JE(LabelRef(fmt.Sprintf("dots%dx%d", r, c)))
			}
		}
	}
	for r := 1; r <= dotRows; r++ {
		for c := 1; c <= dotCols; c++ {
			v.dotsTile(field, r, c)
		}
	}
}

// The registers of dots; distances are in bytes.
var (
	dotsA, dotsB, dotsLDA, dotsLDB, dotsLDB3, dotsCount = reg.RSI, reg.RDI, reg.R8, reg.R9, reg.R10, reg.R11
)

// dotsTile writes the variant for r rows and c columns, which takes as many vectors of k at a time as
// give it eight to twelve sums: the multiply-adds of one sum wait for each other.
func (v isa) dotsTile(field func(reg.Register, string) Mem, r, c int) {
	label := fmt.Sprintf("%dx%d", r, c)
	unroll := 1
	for 2*unroll*r*c <= 12 {
		unroll *= 2
	}
	sums := v.regs[:r*c*unroll]
	as, b := v.regs[12:12+r], v.regs[15]
	sum := func(u, i, j int) reg.VecPhysical { return sums[(u*r+i)*c+j] }
	step := func(u int, loadA, loadB func(m Mem, r reg.VecPhysical)) {
		disp := 4 * v.lanes * u
		for i, a := range as {
			m := Mem{Base: dotsA, Disp: disp}
			if i > 0 {
				m.Index, m.Scale = dotsLDA, uint8(i)
			}
			loadA(m, a)
		}
		for j := range c {
			m := Mem{Base: dotsB, Disp: disp}
			if j == 3 {
				m.Index, m.Scale = dotsLDB3, 1
			} else if j > 0 {
				m.Index, m.Scale = dotsLDB, uint8(j)
			}
			loadB(m, b)
			for i, a := range as {
				v.VFMADD231PS(a, b, sum(u, i, j))
			}
		}
	}
	whole := func(m Mem, r reg.VecPhysical) { v.VMOVUPS(m, r) }
	loop := func(name string, n int) {
		v.Label(name + label)
		v.SUBQ(U8(n), dotsCount)
		v.JLT(LabelRef("end" + name + label))
		for u := range n {
			step(u, whole, whole)
		}
		v.ADDQ(U32(4*v.lanes*n), dotsA)
		v.ADDQ(U32(4*v.lanes*n), dotsB)
		v.JMP(LabelRef(name + label))
		v.Label("end" + name + label)
		v.ADDQ(U8(n), dotsCount)
	}

	v.Label("dots" + label)
	for _, s := range sums {
		v.clear(s)
	}
	loop("steps", unroll)
	if unroll > 1 {
		loop("step", 1)
	}
	v.Load(v.Param("t"), reg.RAX)
	v.MOVQ(field(reg.RAX, "K"), reg.RCX)
	v.ANDQ(U8(v.lanes-1), reg.RCX)
	v.JE(LabelRef("sum" + label))
	v.dotsTail(step)
	v.Label("sum" + label)
	for u := 1; u < unroll; u++ {
		for i := range r {
			for j := range c {
				v.VADDPS(sum(u, i, j), sum(0, i, j), sum(0, i, j))
			}
		}
	}
	sumsAt := v.Param("t").Dereference(reg.RAX).Field("Sums")
	at, err := sumsAt.Index(0).Index(0).Resolve()
	if err != nil {
		panic(err)
	}
	for i := range r {
		s := make([]reg.VecPhysical, dotCols)
		for j := range s {
			if s[j] = b; j < c {
				s[j] = sum(0, i, j)
			}
		}
		v.clear(b)
		v.addUp(s, v.regs[12], v.regs[13])
		v.VMOVUPS(v.regs[12].AsX(), at.Addr.Offset(16*i))
	}
	v.VZEROUPPER()
	v.RET()
}

// dotsTail does the step of the last elements, RCX of them, with masked loads.
func (v isa) dotsTail(step func(u int, loadA, loadB func(m Mem, r reg.VecPhysical))) {
	if v.name == "AVX512" {
		v.tailMaskOf(reg.RDX)
		step(0, v.loadTail, v.loadTail)
		return
	}
	// The mask takes the register of B, and comes back for each load.
	v.tailMaskOf(reg.RDX)
	step(0, v.loadTail, func(m Mem, r reg.VecPhysical) {
		v.VMOVDQU(Mem{Base: reg.RDX}, r)
		v.VMASKMOVPS(m, r, r)
	})
}

// addUp sums the elements of each of four vectors into the four elements of a 128-bit one.
func (v isa) addUp(s []reg.VecPhysical, to, tmp reg.VecPhysical) {
	if v.lanes == 16 {
		for _, r := range s {
			v.VEXTRACTF64X4(U8(1), r, tmp.AsY())
			v.VADDPS(tmp.AsY(), r.AsY(), r.AsY())
		}
	}
	v.VHADDPS(s[1].AsY(), s[0].AsY(), to.AsY())
	v.VHADDPS(s[3].AsY(), s[2].AsY(), tmp.AsY())
	v.VHADDPS(tmp.AsY(), to.AsY(), to.AsY())
	v.VEXTRACTF128(U8(1), to.AsY(), tmp.AsX())
	v.VADDPS(tmp.AsX(), to.AsX(), to.AsX())
}
