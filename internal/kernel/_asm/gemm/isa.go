package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// isa is what differs between the instruction sets.
type isa struct {
	*build.Context
	name       string
	lanes      int // float32 per vector
	regs       []reg.VecPhysical
	mr         int // rows of a tile two vectors wide
	narrowRows int // rows of an outer tile one vector wide
	clear      func(v reg.VecPhysical)
	masks      func(cols Mem, tmp reg.GPPhysical)            // prepares masked access to Cols columns
	loadB      func(m Mem, half int, v reg.VecPhysical)      // a vector of B
	loadMasked func(m Mem, half int, v reg.VecPhysical)      // zero beyond Cols, where nothing is read
	addMasked  func(m Mem, half int, v, tmp reg.VecPhysical) // v += m, columns beyond Cols untouched in memory
	store      func(v reg.VecPhysical, m Mem, half int)      // columns below Cols
	tailMask   func(count Mem, less int, tmp reg.GPPhysical) // prepares loadTail for count-less elements
	tailMaskOf func(tmp reg.GPPhysical)                      // for as many as RCX says
	loadTail   func(m Mem, v reg.VecPhysical)                // the rest is zero
	storeTail  func(v reg.VecPhysical, m Mem)
	flagMask   func(flag Mem, tmp reg.GPPhysical) // prepares loadIf
	loadIf     func(m Mem, v reg.VecPhysical)     // zero, reading nothing, when the flag is 0
	loadTailIf func(m Mem, v reg.VecPhysical)     // both
}

func zmm(n int) []reg.VecPhysical {
	all := []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21,
		reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
	return all[:n]
}

func ymm() []reg.VecPhysical {
	return []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
}

func avx512(c *build.Context) isa {
	k := []reg.OpmaskPhysical{reg.K1, reg.K2}
	tailMask := func(tmp reg.GPPhysical) { // K1 = 1<<RCX - 1
		c.MOVQ(I32(1), tmp)
		c.SHLQ(reg.CL, tmp)
		c.DECQ(tmp)
		c.KMOVW(tmp.As32(), reg.K1)
	}
	return isa{
		Context: c, name: "AVX512", lanes: 16, regs: zmm(32), mr: 12, narrowRows: 24,
		clear: func(v reg.VecPhysical) { c.VPXORD(v, v, v) },
		masks: func(cols Mem, tmp reg.GPPhysical) { // K1, K2 = the low and high half of 1<<Cols - 1
			c.MOVQ(cols, reg.RCX)
			c.MOVQ(I32(1), tmp)
			c.SHLQ(reg.CL, tmp)
			c.DECQ(tmp)
			c.KMOVW(tmp.As32(), reg.K1)
			c.SHRQ(U8(16), tmp)
			c.KMOVW(tmp.As32(), reg.K2)
		},
		loadB:      func(m Mem, half int, v reg.VecPhysical) { c.VMOVUPS_Z(m, k[half], v) },
		loadMasked: func(m Mem, half int, v reg.VecPhysical) { c.VMOVUPS_Z(m, k[half], v) },
		addMasked:  func(m Mem, half int, v, _ reg.VecPhysical) { c.VADDPS_Z(m, v, k[half], v) },
		store:      func(v reg.VecPhysical, m Mem, half int) { c.VMOVUPS(v, k[half], m) },
		tailMask: func(count Mem, less int, tmp reg.GPPhysical) {
			c.MOVQ(count, reg.RCX)
			c.SUBQ(U8(less), reg.RCX)
			tailMask(tmp)
		},
		tailMaskOf: tailMask,
		loadTail:   func(m Mem, v reg.VecPhysical) { c.VMOVUPS_Z(m, reg.K1, v) },
		storeTail:  func(v reg.VecPhysical, m Mem) { c.VMOVUPS(v, reg.K1, m) },
		flagMask: func(flag Mem, tmp reg.GPPhysical) { // K2 = -flag, K3 = K1 & K2
			c.MOVQ(flag, tmp)
			c.NEGQ(tmp)
			c.KMOVW(tmp.As32(), reg.K2)
			c.KANDW(reg.K1, reg.K2, reg.K3)
		},
		loadIf:     func(m Mem, v reg.VecPhysical) { c.VMOVUPS_Z(m, reg.K2, v) },
		loadTailIf: func(m Mem, v reg.VecPhysical) { c.VMOVUPS_Z(m, reg.K3, v) },
	}
}

func avx2(c *build.Context) isa {
	// The masks live in the registers of B, which are free once the sums are complete.
	mask := []reg.VecPhysical{reg.Y12, reg.Y13}
	table := c.StaticGlobal("tails")
	c.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range 32 {
		c.AddDatum(4*i, I32(i/16-1))
	}
	tailMask := func(tmp reg.GPPhysical) { // the address stays in tmp
		c.LEAQ(table.Offset(64), tmp)
		c.SHLQ(U8(2), reg.RCX)
		c.SUBQ(reg.RCX, tmp)
		c.VMOVDQU(Mem{Base: tmp}, reg.Y15)
	}
	return isa{
		Context: c, name: "AVX2", lanes: 8, regs: ymm(), mr: 6, narrowRows: 12,
		clear: func(v reg.VecPhysical) { c.VXORPS(v, v, v) },
		masks: func(cols Mem, tmp reg.GPPhysical) {
			c.LEAQ(table.Offset(64), tmp)
			c.MOVQ(cols, reg.RCX)
			c.SHLQ(U8(2), reg.RCX)
			c.SUBQ(reg.RCX, tmp)
			c.VMOVDQU(Mem{Base: tmp}, mask[0])
			c.VMOVDQU(Mem{Base: tmp, Disp: 32}, mask[1])
		},
		loadB:      func(m Mem, half int, v reg.VecPhysical) { c.VMOVUPS(m, v) },
		loadMasked: func(m Mem, half int, v reg.VecPhysical) { c.VMASKMOVPS(m, mask[half], v) },
		addMasked: func(m Mem, half int, v, tmp reg.VecPhysical) {
			c.VMASKMOVPS(m, mask[half], tmp)
			c.VADDPS(tmp, v, v)
		},
		store: func(v reg.VecPhysical, m Mem, half int) { c.VMASKMOVPS(v, mask[half], m) },
		tailMask: func(count Mem, less int, tmp reg.GPPhysical) {
			c.MOVQ(count, reg.RCX)
			c.SUBQ(U8(less), reg.RCX)
			tailMask(tmp)
		},
		tailMaskOf: tailMask,
		loadTail:   func(m Mem, v reg.VecPhysical) { c.VMASKMOVPS(m, reg.Y15, v) },
		storeTail:  func(v reg.VecPhysical, m Mem) { c.VMASKMOVPS(v, reg.Y15, m) },
		flagMask: func(flag Mem, tmp reg.GPPhysical) { // Y14 = -flag in each lane, Y13 = Y14 & Y15
			c.MOVQ(flag, tmp)
			c.NEGQ(tmp)
			c.VMOVD(tmp.As32(), reg.X14)
			c.VPBROADCASTD(reg.X14, reg.Y14)
			c.VPAND(reg.Y14, reg.Y15, reg.Y13)
		},
		loadIf:     func(m Mem, v reg.VecPhysical) { c.VMASKMOVPS(m, reg.Y14, v) },
		loadTailIf: func(m Mem, v reg.VecPhysical) { c.VMASKMOVPS(m, reg.Y13, v) },
	}
}
