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
	top(c)
	row(c, 32)
	row(c, 64)
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

// top compares eight rows at once with each of the seven splits of three levels, and chooses among the results.
func top(c *build.Context) {
	c.Function("completeTopAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(splits *int32, trees int, t int, at *int32, n int, x *float32)")
	c.Doc("completeTopAVX2 goes down the first three levels of tree t with n > 0 rows, a multiple of 8.")
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name), c.GP64()).(reg.GPVirtual) }
	level, trees, t, at, n, x := load("splits"), load("trees"), load("t"), load("at"), load("n"), load("x")
	c.SHLQ(Imm(3), trees) // bytes of a level
	place, root := c.GP64(), c.YMM()
	c.LEAQ(Mem{Base: level, Index: t, Scale: 8}, place)
	c.SHLQ(Imm(3), t)
	c.VMOVD(t.As32(), root.AsX())
	c.VPBROADCASTD(root.AsX(), root)
	var cuts []reg.VecVirtual
	var columns []reg.GPVirtual
	for d := range 3 {
		for i := range 1 << d {
			cut, column := c.YMM(), c.GP64()
			c.VBROADCASTSS(Mem{Base: place, Disp: 8*i + 4}, cut)
			c.MOVLQSX(Mem{Base: place, Disp: 8 * i}, column)
			c.LEAQ(Mem{Base: x, Index: column, Scale: 4}, column)
			cuts, columns = append(cuts, cut), append(columns, column)
		}
		if d < 2 { // number p of a level leads to 2p and 2p + 1 of the next
			c.ADDQ(trees, level)
			c.ADDQ(trees, trees)
			c.LEAQ(Mem{Base: level, Index: t, Scale: 1 << (d + 1)}, place)
		}
	}
	i := c.GP64()
	c.XORQ(i, i)
	c.Label("rows")
	less := func(split int) reg.VecVirtual { // or NaN
		m := c.YMM()
		c.VCMPPS(U8(0x16), Mem{Base: columns[split], Index: i, Scale: 1}, cuts[split], m) // not cut <= x
		return m
	}
	choose := func(m, no, yes reg.VecVirtual) reg.VecVirtual {
		c.VBLENDVPS(m, yes, no, no)
		return no
	}
	first := less(0)
	second := choose(first, less(1), less(2))
	third := choose(first, choose(second, less(3), less(4)), choose(second, less(5), less(6)))
	c.VPADDD(first, first, first)
	c.VPADDD(second, first, first)
	c.VPADDD(first, first, first)
	c.VPADDD(third, first, first)
	c.VPSUBD(first, root, first)
	c.VMOVDQU(first, Mem{Base: at, Index: i, Scale: 1})
	c.ADDQ(Imm(32), i)
	c.SUBQ(Imm(8), n)
	c.JNZ(LabelRef("rows"))
	c.VZEROUPPER()
	c.RET()
}
