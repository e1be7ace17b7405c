package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// fetch has the cache fetch what a later tile reads or writes.
func fetch(c *build.Context) {
	c.Function("fetchPixels")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(x *float32, off *int32, stride int, rows int, bytes int)")
	c.Doc("fetchPixels fetches so many bytes, a multiple of 256, at x[off[i*stride]:] for each of rows, at x for a negative offset.")
	x, off := c.Load(c.Param("x"), c.GP64()).(reg.GPVirtual), c.Load(c.Param("off"), c.GP64()).(reg.GPVirtual)
	stride, rows := c.Load(c.Param("stride"), c.GP64()).(reg.GPVirtual), c.Load(c.Param("rows"), c.GP64()).(reg.GPVirtual)
	bytes := c.Load(c.Param("bytes"), c.GP64()).(reg.GPVirtual)
	at, left := c.GP64(), c.GP64()
	c.Label("row")
	c.MOVL(Mem{Base: off}, at.As32())
	c.TESTL(at.As32(), at.As32())
	c.LEAQ(Mem{Base: x, Index: at, Scale: 4}, at)
	c.CMOVQMI(x, at)
	c.MOVQ(bytes, left)
	c.Label("lines")
	for i := range 4 {
		c.PREFETCHT0(Mem{Base: at, Disp: 64 * i})
	}
	c.ADDQ(I32(256), at)
	c.SUBQ(I32(256), left)
	c.JG(LabelRef("lines"))
	c.LEAQ(Mem{Base: off, Index: stride, Scale: 4}, off)
	c.DECQ(rows)
	c.JNZ(LabelRef("row"))
	c.RET()
}
