package main

import (
	"log"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// search writes the loops that look for the best cut of a column, four bins at a time.
func search(c *build.Context) {
	pkg := vector.Structs("../hist/search_args.go")
	for _, numbers := range []int{1, 2} {
		name := map[int]string{1: "searchNumbers", 2: "searchPairs"}[numbers]
		c.Function(name + "AVX2")
		c.Attributes(attr.NOSPLIT)
		field := simd.TakeStruct(c, pkg, "search")
		c.Doc(name + "AVX2 is " + name + "Ref.")
		t := c.Load(c.Param("t"), c.GP64())
		lanes := func(name string) Mem {
			b, err := c.Param("t").Dereference(t).Field(name).Index(0).Resolve()
			if err != nil {
				log.Fatal(err)
			}
			return b.Addr
		}
		s := searcher{c, func(name string) Mem { return field(t, name) }, lanes, c.YMM()}
		s.loop(numbers)
	}
}

type searcher struct {
	*build.Context
	field func(name string) Mem
	lanes func(name string) Mem // of an array
	zero  reg.VecVirtual
}

// each returns a vector with a field in all lanes.
func (s searcher) each(name string) reg.VecVirtual {
	v := s.YMM()
	s.VBROADCASTSD(s.field(name), v)
	return v
}

// constant returns a vector with the same bits in all lanes.
func (s searcher) constant(bits uint64) reg.VecVirtual {
	r, v := s.GP64(), s.YMM()
	s.MOVQ(U64(bits), r)
	s.VMOVQ(r, v.AsX())
	s.VPBROADCASTQ(v.AsX(), v)
	return v
}

func (s searcher) loop(numbers int) {
	cells, left := s.GP64(), s.GP64()
	s.MOVQ(s.field("Cells"), cells)
	s.MOVQ(s.field("Bins"), left)
	s.VPXOR(s.zero, s.zero, s.zero)
	best, bin := s.YMM(), s.YMM()
	s.VMOVUPD(s.lanes("Score"), best)
	s.VMOVUPD(s.lanes("Bin"), bin)
	at, four := s.YMM(), s.constant(math.Float64bits(4))
	s.VMOVUPD(s.lanes("At"), at)
	var magic reg.VecVirtual
	var sums []reg.VecVirtual // up to the bins before
	for range numbers {
		sum := s.YMM()
		s.VPXOR(sum, sum, sum)
		sums = append(sums, sum)
	}
	if numbers == 1 {
		magic = s.constant(math.Float64bits(0x1p52))
	} else {
		magic = s.constant(math.Float64bits(0x1.8p52))
	}
	s.Label("bins")
	var tl, wl reg.VecVirtual
	if numbers == 1 {
		v := s.YMM()
		s.VMOVDQU(Mem{Base: cells}, v)
		tl, wl = s.unpack(s.prefix(v, sums[0]), magic)
	} else {
		tl, wl = s.pairs(cells)
		for i, v := range []reg.VecVirtual{tl, wl} {
			s.prefix(v, sums[i])
			s.VPADDQ(magic, v, v)
			s.VSUBPD(magic, v, v)
		}
	}
	s.ADDQ(Imm(uint64(32*numbers)), cells)
	score := s.score(tl, wl)
	better := s.YMM()
	s.VCMPPD(U8(30), best, score, better) // greater
	s.VBLENDVPD(better, score, best, best)
	s.VBLENDVPD(better, at, bin, bin)
	s.VADDPD(four, at, at)
	s.SUBQ(Imm(4), left)
	s.JNZ(LabelRef("bins"))
	s.VMOVUPD(best, s.lanes("Score"))
	s.VMOVUPD(bin, s.lanes("Bin"))
	s.VZEROUPPER()
	s.RET()
}

// prefix makes v the sums of its lanes up to each, and of those before, which sum has and then those up to here.
func (s searcher) prefix(v, sum reg.VecVirtual) reg.VecVirtual {
	moved := s.YMM()
	s.VPERMQ(U8(0x90), v, moved) // a lane up
	s.VPBLENDD(U8(3), s.zero, moved, moved)
	s.VPADDQ(moved, v, v)
	s.VPERM2I128(U8(0x08), v, v, moved) // two lanes up
	s.VPADDQ(moved, v, v)
	s.VPADDQ(sum, v, v)
	s.VPERMQ(U8(0xff), v, sum)
	return v
}

// unpack returns the targets and counts of numbers, by putting them into the digits of 2^52.
func (s searcher) unpack(v, magic reg.VecVirtual) (t, w reg.VecVirtual) {
	t, w = s.YMM(), s.YMM()
	s.VPAND(s.each("Mask"), v, w)
	s.VPOR(magic, w, w)
	s.VSUBPD(magic, w, w)
	bits := s.XMM()
	s.VMOVQ(s.field("Counted"), bits)
	s.VPADDQ(s.each("Shift"), v, t)
	s.VPSRLQ(bits, t, t)
	s.VPOR(magic, t, t)
	s.VSUBPD(s.each("Back"), t, t)
	return t, w
}

// pairs loads the targets and weights of four cells.
func (s searcher) pairs(cells reg.GPVirtual) (t, w reg.VecVirtual) {
	low, high, first, second := s.YMM(), s.YMM(), s.YMM(), s.YMM()
	s.VMOVDQU(Mem{Base: cells}, low)
	s.VMOVDQU(Mem{Base: cells, Disp: 32}, high)
	s.VPERM2I128(U8(0x20), high, low, first) // cells 0 and 2
	s.VPERM2I128(U8(0x31), high, low, second)
	t, w = s.YMM(), s.YMM()
	s.VPUNPCKLQDQ(second, first, t)
	s.VPUNPCKHQDQ(second, first, w)
	return t, w
}

// score returns what cuts are worth, 0 for those that may not be.
func (s searcher) score(tl, wl reg.VecVirtual) reg.VecVirtual {
	tr, wr, may, enough := s.YMM(), s.YMM(), s.YMM(), s.YMM()
	target, weight, least, l2 := s.each("Target"), s.each("Weight"), s.each("Least"), s.each("L2")
	s.VSUBPD(tl, target, tr)
	s.VSUBPD(wl, weight, wr)
	s.VCMPPD(U8(29), least, wl, may) // greater or equal
	s.VCMPPD(U8(29), least, wr, enough)
	s.VANDPD(enough, may, may)
	s.VADDPD(l2, wl, wl)
	s.VADDPD(l2, wr, wr)
	s.VMULPD(tl, tl, tl)
	s.VMULPD(tr, tr, tr)
	s.VMULPD(wr, tl, tl)
	s.VMULPD(wl, tr, tr)
	s.VADDPD(tr, tl, tl)
	s.VMULPD(wr, wl, wl)
	s.VDIVPD(wl, tl, tl)
	s.VANDPD(may, tl, tl)
	return tl
}
