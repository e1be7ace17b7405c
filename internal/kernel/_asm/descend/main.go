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

// lanes is how many rows go down side by side: what one waits for, the others use.
const lanes = 4

func main() {
	flags := flag.NewFlagSet("descend", flag.ExitOnError)
	config := build.NewFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	down(c)
	os.Exit(build.Main(config.Config(), c))
}

// down makes a step of a comparison and a subtraction with its carry, which is set for less and for NaN.
func down(c *build.Context) {
	c.Function("downAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(steps *int32, at *int32, n int, rows *float32, stride int, depth int)")
	c.Doc("downAVX2 is Ref for n > 0 rows, a multiple of 4, depth > 0 and a stride in bytes.")
	steps, at := c.Load(c.Param("steps"), c.GP64()).(reg.GPVirtual), c.Load(c.Param("at"), c.GP64()).(reg.GPVirtual)
	stride := c.Load(c.Param("stride"), c.GP64()).(reg.GPVirtual)
	var row, node [lanes]reg.GPVirtual
	for i := range lanes {
		row[i], node[i] = c.GP64(), c.GP64()
		if i == 0 {
			c.Load(c.Param("rows"), row[0])
			continue
		}
		c.LEAQ(Mem{Base: row[i-1], Index: stride, Scale: 1}, row[i])
	}
	c.SHLQ(Imm(2), stride) // of four rows
	left, column := c.GP64(), c.GP64()
	c.Label("four")
	for i := range lanes {
		c.MOVLQSX(Mem{Base: at, Disp: 4 * i}, node[i])
	}
	c.Load(c.Param("depth"), left)
	c.Label("level")
	for i := range lanes {
		v := c.XMM()
		c.SHLQ(Imm(4), node[i])
		c.MOVLQSX(Mem{Base: steps, Index: node[i], Scale: 1}, column)
		c.VMOVSS(Mem{Base: row[i], Index: column, Scale: 4}, v)
		c.VUCOMISS(Mem{Base: steps, Index: node[i], Scale: 1, Disp: 4}, v)
		c.MOVLQSX(Mem{Base: steps, Index: node[i], Scale: 1, Disp: 8}, node[i])
		c.SBBQ(I8(-1), node[i])
	}
	c.DECQ(left)
	c.JNZ(LabelRef("level"))
	for i := range lanes {
		c.MOVL(node[i].As32(), Mem{Base: at, Disp: 4 * i})
		c.ADDQ(stride, row[i])
	}
	c.ADDQ(Imm(4*lanes), at)
	n, err := c.Param("n").Resolve()
	if err != nil {
		log.Fatal(err)
	}
	c.SUBQ(Imm(lanes), n.Addr)
	c.JNZ(LabelRef("four"))
	c.RET()
}
