// Command hist writes the assembly of package hist.
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

const (
	columns = 8  // of a word
	cell    = 16 // bytes
	shift   = 7  // log2 of the bytes of the cells of a bin
	ahead   = 16 // rows from the one that is added to the one that is fetched
)

func main() {
	flags := flag.NewFlagSet("hist", flag.ExitOnError)
	config := build.NewFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	add(c)
	subtract(c)
	os.Exit(build.Main(config.Config(), c))
}

// add keeps the two sums of a row in a vector, and loads each of its eight bins as a byte.
func add(c *build.Context) {
	c.Function("addAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(h *int64, words *uint64, sums *int64, rows *int32, n int)")
	c.Doc("addAVX2 is Ref for n > 0 rows.")
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name), c.GP64()).(reg.GPVirtual) }
	h, words, sums, rows, n := load("h"), load("words"), load("sums"), load("rows"), load("n")
	c.SUBQ(Imm(ahead), n) // rows for which there is one to fetch
	c.JLE(LabelRef("rest"))
	c.Label("fetching")
	later := c.GP64()
	c.MOVLQSX(Mem{Base: rows, Disp: 4 * ahead}, later)
	c.PREFETCHT0(Mem{Base: words, Index: later, Scale: 8})
	c.ADDQ(later, later)
	c.PREFETCHT0(Mem{Base: sums, Index: later, Scale: 8})
	addRow(c, h, words, sums, rows)
	c.DECQ(n)
	c.JNZ(LabelRef("fetching"))
	c.Label("rest")
	c.ADDQ(Imm(ahead), n)
	c.Label("row")
	addRow(c, h, words, sums, rows)
	c.DECQ(n)
	c.JNZ(LabelRef("row"))
	c.RET()
}

// addRow adds the row that rows points at, and moves rows on.
func addRow(c *build.Context, h, words, sums, rows reg.GPVirtual) {
	row, bin := c.GP64(), c.GP64()
	sum, next := c.XMM(), c.XMM()
	c.MOVLQSX(Mem{Base: rows}, row)
	c.ADDQ(Imm(4), rows)
	word := c.GP64()
	c.LEAQ(Mem{Base: words, Index: row, Scale: 8}, word)
	c.ADDQ(row, row)
	c.VMOVDQU(Mem{Base: sums, Index: row, Scale: 8}, sum)
	for k := range columns {
		c.MOVBQZX(Mem{Base: word, Disp: k}, bin)
		c.SHLQ(Imm(shift), bin)
		at := Mem{Base: h, Index: bin, Scale: 1, Disp: k * cell}
		c.VPADDQ(at, sum, next)
		c.VMOVDQU(next, at)
	}
}

// subtract goes over whole vectors, four in a turn.
func subtract(c *build.Context) {
	c.Function("subtractAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(a *int64, b *int64, n int)")
	c.Doc("subtractAVX2 sets n numbers, a multiple of 16, from a on to a - b.")
	a, b := c.Load(c.Param("a"), c.GP64()).(reg.GPVirtual), c.Load(c.Param("b"), c.GP64()).(reg.GPVirtual)
	n := c.Load(c.Param("n"), c.GP64()).(reg.GPVirtual)
	c.Label("turn")
	for i := range 4 {
		v := c.YMM()
		c.VMOVDQU(Mem{Base: a, Disp: 32 * i}, v)
		c.VPSUBQ(Mem{Base: b, Disp: 32 * i}, v, v)
		c.VMOVDQU(v, Mem{Base: a, Disp: 32 * i})
	}
	c.ADDQ(I32(128), a)
	c.ADDQ(I32(128), b)
	c.SUBQ(I32(16), n)
	c.JNZ(LabelRef("turn"))
	c.VZEROUPPER()
	c.RET()
}
