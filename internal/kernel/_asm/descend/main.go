// Command descend writes the assembly of package descend.
package main

import (
	"flag"
	"log"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lanes is how many rows or trees go down side by side: what one waits for, the others use.
const lanes = 8

func main() {
	flags := flag.NewFlagSet("descend", flag.ExitOnError)
	config := build.NewFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	for _, complete := range []bool{false, true} {
		down(c, complete, "Rows", 4)
		down(c, complete, "Trees", 0)
	}
	os.Exit(build.Main(config.Config(), c))
}

// down makes a step of a comparison and an addition or a subtraction with its carry, which is set for less and for NaN. The
// elements of neighbouring lanes lie so many bytes apart.
func down(c *build.Context, complete bool, suffix string, apart int) {
	name, second := "list"+suffix, "first *int32"
	if complete {
		name, second = "complete"+suffix, "trees int"
	}
	c.Function(name + "ByLanes")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(splits *int32, " + second + ", at *int32, n int, x *float32, depth int)")
	c.Doc(name + "ByLanes is " + name + "Ref for n > 0, a multiple of 8, and depth > 0.")
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name), c.GP64()).(reg.GPVirtual) }
	at, x := load("at"), load("x")
	left, column, splits, first := c.GP64(), c.GP64(), c.GP64(), c.GP64()
	var node [lanes]reg.GPVirtual
	c.Label("lanes")
	for i := range lanes {
		node[i] = c.GP64()
		c.MOVLQSX(Mem{Base: at, Disp: 4 * i}, node[i])
	}
	c.Load(c.Param("splits"), splits)
	if complete { // first is the number of bytes of a level
		c.Load(c.Param("trees"), first)
		c.SHLQ(Imm(3), first)
	} else {
		c.Load(c.Param("first"), first)
	}
	c.Load(c.Param("depth"), left)
	c.Label("level")
	for i := range lanes {
		v := c.XMM()
		c.MOVLQSX(Mem{Base: splits, Index: node[i], Scale: 8}, column)
		c.VMOVSS(Mem{Base: x, Index: column, Scale: 4, Disp: apart * i}, v)
		c.VUCOMISS(Mem{Base: splits, Index: node[i], Scale: 8, Disp: 4}, v)
		if complete {
			c.ADCQ(node[i], node[i])
			continue
		}
		c.MOVLQSX(Mem{Base: first, Index: node[i], Scale: 4}, node[i])
		c.SBBQ(I8(-1), node[i])
	}
	if complete {
		c.ADDQ(first, splits)
		c.ADDQ(first, first)
	}
	c.DECQ(left)
	c.JNZ(LabelRef("level"))
	for i := range lanes {
		c.MOVL(node[i].As32(), Mem{Base: at, Disp: 4 * i})
	}
	c.ADDQ(Imm(4*lanes), at)
	c.ADDQ(Imm(uint64(apart*lanes)), x)
	n, err := c.Param("n").Resolve()
	if err != nil {
		log.Fatal(err)
	}
	c.SUBQ(Imm(lanes), n.Addr)
	c.JNZ(LabelRef("lanes"))
	c.RET()
}
