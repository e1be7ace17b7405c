package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What package descend lays splits out for.
const (
	rowLevels = 4  // that a row goes down at once
	rowLanes  = 16 // trees side by side
)

// row keeps a row in registers, where a permutation finds what 16 trees compare. It compares with all splits of the first
// levels, and chooses among the results.
func row(c *build.Context, columns int) {
	name := fmt.Sprintf("row%dAVX512", columns)
	c.Function(name)
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(columns *uint8, cuts *float32, at *int32, n int, x *float32)")
	c.Doc(fmt.Sprintf("%s goes down the first four levels of n > 0 trees, a multiple of 8, with a row of %d numbers.", name, columns))
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name), c.GP64()).(reg.GPVirtual) }
	column, cut, at, n, x := load("columns"), load("cuts"), load("at"), load("n"), load("x")
	var numbers []reg.VecVirtual
	for i := range columns / rowLanes {
		v := c.ZMM()
		c.VMOVUPS(Mem{Base: x, Disp: 4 * rowLanes * i}, v)
		numbers = append(numbers, v)
	}
	constant := func(v int) reg.VecVirtual {
		g, z := c.GP32(), c.ZMM()
		c.MOVL(U32(uint32(v)), g)
		c.VPBROADCASTD(g, z)
		return z
	}
	one, upper := constant(1), constant(32) // the latter tells in which two registers a column is
	lanes, eight := c.GP32(), c.GP32()
	c.MOVL(U32(1<<8-1), eight)
	inUse := func() reg.OpmaskVirtual {
		k := c.K()
		c.KMOVW(lanes, k)
		return k
	}
	less := func(split int) reg.OpmaskVirtual { // or NaN
		v, k := c.ZMM(), c.K()
		c.VPMOVZXBD(Mem{Base: column, Disp: rowLanes * split}, v)
		if len(numbers) > 2 {
			w := c.ZMM()
			c.VPTESTMD(upper, v, k)
			c.VMOVDQA32(v, w)
			c.VPERMI2PS(numbers[3], numbers[2], w)
			c.VPERMI2PS(numbers[1], numbers[0], v)
			c.VMOVAPS(w, k, v)
		} else {
			c.VPERMI2PS(numbers[1], numbers[0], v)
		}
		c.VCMPPS(U8(0x19), Mem{Base: cut, Disp: 4 * rowLanes * split}, v, k) // not v >= cut
		return k
	}

	c.Label("trees")
	c.MOVL(U32(1<<rowLanes-1), lanes)
	c.CMPQ(n, Imm(rowLanes))
	c.CMOVLLT(eight, lanes)
	place := c.ZMM()
	c.VMOVDQU32_Z(Mem{Base: at}, inUse(), place)
	var ways []reg.OpmaskVirtual // whether that is less, level by level
	var chosen func(level, split int) reg.OpmaskVirtual
	chosen = func(level, split int) reg.OpmaskVirtual { // of the splits below one that the ways so far lead to
		if level == len(ways) {
			return less(split)
		}
		no, yes := chosen(level+1, 2*split+1), chosen(level+1, 2*split+2)
		c.KANDW(ways[level], yes, yes)
		c.KANDNW(no, ways[level], no)
		c.KORW(yes, no, no)
		return no
	}
	for range rowLevels {
		way := chosen(0, 0)
		c.VPADDD(place, place, place)
		c.VPADDD(one, place, way, place)
		ways = append(ways, way)
	}
	c.VMOVDQU32(place, inUse(), Mem{Base: at})
	const splits = 1<<rowLevels - 1
	c.ADDQ(U32(rowLanes*splits), column)
	c.ADDQ(U32(4*rowLanes*splits), cut)
	c.ADDQ(Imm(4*rowLanes), at)
	c.SUBQ(Imm(rowLanes), n)
	c.JG(LabelRef("trees"))
	c.VZEROUPPER()
	c.RET()
}
