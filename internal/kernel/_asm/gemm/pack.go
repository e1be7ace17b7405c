package main

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// copyRows writes a kernel that copies rows as wide as a panel, and fetches later ones: they may be
// pages apart, where the processor does not look ahead by itself.
func (v isa) copyRows(name string) {
	v.Function(name)
	v.Attributes(nosplit)
	v.SignatureExpr("func(dst, src *float32, ld, rows int)")
	v.Doc(name + " copies rows of a whole panel's width that are ld elements apart.")
	v.Pragma("noescape")
	dst, src, ld, rows, ahead := reg.RDI, reg.RSI, reg.RDX, reg.RCX, reg.RAX // ahead is 32 rows
	v.Load(v.Param("dst"), dst)
	v.Load(v.Param("src"), src)
	v.Load(v.Param("ld"), ld)
	v.Load(v.Param("rows"), rows)
	v.SHLQ(U8(2), ld)
	v.MOVQ(ld, ahead)
	v.SHLQ(U8(5), ahead)
	v.Label("loop")
	for j := range 2 {
		v.PREFETCHT0(Mem{Base: src, Index: ahead, Scale: 1, Disp: 4 * v.lanes * j})
		v.VMOVUPS(Mem{Base: src, Disp: 4 * v.lanes * j}, v.regs[j])
		v.VMOVUPS(v.regs[j], Mem{Base: dst, Disp: 4 * v.lanes * j})
	}
	v.ADDQ(ld, src)
	v.ADDQ(U32(8*v.lanes), dst)
	v.DECQ(rows)
	v.JNE(LabelRef("loop"))
	v.VZEROUPPER()
	v.RET()
}

// transpose writes a kernel that transposes squares of lanes x lanes elements, side by side in src, to
// squares below each other in dst. Pairs of rows are interleaved by elements, then by pairs, which
// transposes 4 x 4 elements in each 128-bit lane, and then the lanes are transposed.
func (v isa) transpose(name string) {
	v.Function(name)
	v.Attributes(nosplit)
	v.SignatureExpr("func(dst *float32, ldd int, src *float32, lds, squares int)")
	v.Doc(name + " transposes squares of a vector's width; rows are ldd and lds elements apart.")
	v.Pragma("noescape")
	dst, ldd, src, ld, squares, row := reg.RDI, reg.R8, reg.RSI, reg.RDX, reg.RCX, reg.RAX
	v.Load(v.Param("dst"), dst)
	v.Load(v.Param("src"), src)
	v.Load(v.Param("ldd"), ldd)
	v.SHLQ(U8(2), ldd)
	v.Load(v.Param("lds"), ld)
	v.Load(v.Param("squares"), squares)
	v.SHLQ(U8(2), ld)
	v.Label("loop")
	v.MOVQ(src, row)
	in, tmp := v.regs[:v.lanes], v.regs[v.lanes:2*v.lanes]
	for _, r := range in {
		v.VMOVUPS(Mem{Base: row}, r)
		v.ADDQ(ld, row)
	}
	for g := 0; g < v.lanes; g += 4 {
		a, t := in[g:g+4], tmp[g:g+4]
		v.VUNPCKLPS(a[1], a[0], t[0])
		v.VUNPCKHPS(a[1], a[0], t[1])
		v.VUNPCKLPS(a[3], a[2], t[2])
		v.VUNPCKHPS(a[3], a[2], t[3])
		v.VUNPCKLPD(t[2], t[0], a[0])
		v.VUNPCKHPD(t[2], t[0], a[1])
		v.VUNPCKLPD(t[3], t[1], a[2])
		v.VUNPCKHPD(t[3], t[1], a[3])
	}
	// Columns c, 4+c, 8+c, ... are done together; to holds where column c begins, ldd4 four rows.
	to, at, ldd4 := reg.R9, reg.R10, reg.R11
	v.MOVQ(dst, to)
	v.MOVQ(ldd, ldd4)
	v.SHLQ(U8(2), ldd4)
	put := func(r reg.VecPhysical) {
		v.VMOVUPS(r, Mem{Base: at})
		v.ADDQ(ldd4, at)
	}
	for c := range 4 {
		v.MOVQ(to, at)
		v.ADDQ(ldd, to)
		if v.lanes == 8 {
			v.VPERM2F128(U8(0x20), in[4+c], in[c], tmp[0])
			v.VPERM2F128(U8(0x31), in[4+c], in[c], tmp[1])
			put(tmp[0])
			put(tmp[1])
			continue
		}
		t := tmp[4*c : 4*c+4]
		v.VSHUFF32X4(U8(0x44), in[4+c], in[c], t[0])
		v.VSHUFF32X4(U8(0xee), in[4+c], in[c], t[1])
		v.VSHUFF32X4(U8(0x44), in[12+c], in[8+c], t[2])
		v.VSHUFF32X4(U8(0xee), in[12+c], in[8+c], t[3])
		for _, s := range []struct {
			imm  uint8
			a, b reg.VecPhysical
		}{{0x88, t[0], t[2]}, {0xdd, t[0], t[2]}, {0x88, t[1], t[3]}, {0xdd, t[1], t[3]}} {
			v.VSHUFF32X4(U8(s.imm), s.b, s.a, in[c])
			put(in[c])
		}
	}
	v.ADDQ(U32(4*v.lanes), src)
	v.MOVQ(at, dst) // the last column ends where the next square begins
	v.SUBQ(ldd4, dst)
	v.ADDQ(ldd, dst)
	v.DECQ(squares)
	v.JNE(LabelRef("loop"))
	v.VZEROUPPER()
	v.RET()
}
