// Command hist writes the assembly of package hist.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

const (
	perWord = 8        // columns of a word
	stride  = 256 + 16 // cells from one column to the next
	ahead   = 16       // rows from the one that is added to the one that is fetched
)

func main() {
	flags := flag.NewFlagSet("hist", flag.ExitOnError)
	config := build.NewFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	adder{c, "addNumber", 1}.function()
	adder{c, "addPair", 2}.function()
	subtract(c)
	os.Exit(build.Main(config.Config(), c))
}

// adder writes the loops for so many numbers a cell.
type adder struct {
	*build.Context
	name    string
	numbers int
}

// arguments are registers; those of rows and n change.
type arguments struct{ h, words, sums, rows, n reg.GPVirtual }

// function has a loop for each number of columns.
func (a adder) function() {
	a.Function(a.name)
	a.Pragma("noescape")
	a.Attributes(attr.NOSPLIT)
	a.SignatureExpr("func(h *int64, columns int, words *uint64, sums *int64, rows *int32, n int)")
	a.Doc(fmt.Sprintf("%s is addRef for n > 0 rows and %d numbers.", a.name, a.numbers))
	load := func(name string) reg.GPVirtual { return a.Load(a.Param(name), a.GP64()).(reg.GPVirtual) }
	r := arguments{load("h"), load("words"), load("sums"), load("rows"), load("n")}
	columns := load("columns")
	for k := perWord; k > 1; k-- {
		next := fmt.Sprintf("below%d", k)
		a.CMPQ(columns, Imm(uint64(k)))
		a.JNE(LabelRef(next))
		a.loop(r, k)
		a.Label(next)
	}
	a.loop(r, 1)
}

// loop fetches ahead while there are rows to fetch.
func (a adder) loop(r arguments, columns int) {
	fetching, rest, row := fmt.Sprintf("fetching%d", columns), fmt.Sprintf("rest%d", columns), fmt.Sprintf("row%d", columns)
	a.SUBQ(Imm(ahead), r.n)
	a.JLE(LabelRef(rest))
	a.Label(fetching)
	later := a.GP64()
	a.MOVLQSX(Mem{Base: r.rows, Disp: 4 * ahead}, later)
	a.PREFETCHT0(Mem{Base: r.words, Index: later, Scale: 8})
	if a.numbers == 2 {
		a.ADDQ(later, later)
	}
	a.PREFETCHT0(Mem{Base: r.sums, Index: later, Scale: 8})
	a.row(r, columns)
	a.DECQ(r.n)
	a.JNZ(LabelRef(fetching))
	a.Label(rest)
	a.ADDQ(Imm(ahead), r.n)
	a.Label(row)
	a.row(r, columns)
	a.DECQ(r.n)
	a.JNZ(LabelRef(row))
	a.RET()
}

// row adds the row that rows points at, and moves rows on. Bins are loaded as bytes.
func (a adder) row(r arguments, columns int) {
	row, word, bin := a.GP64(), a.GP64(), a.GP64()
	a.MOVLQSX(Mem{Base: r.rows}, row)
	a.ADDQ(Imm(4), r.rows)
	a.LEAQ(Mem{Base: r.words, Index: row, Scale: 8}, word)
	cell := func(k int) Mem { return Mem{Base: r.h, Index: bin, Scale: 8, Disp: k * stride * 8 * a.numbers} }
	if a.numbers == 1 {
		a.MOVQ(Mem{Base: r.sums, Index: row, Scale: 8}, row)
		for k := range columns {
			a.MOVBQZX(Mem{Base: word, Disp: k}, bin)
			a.ADDQ(row, cell(k))
		}
		return
	}
	sum, next := a.XMM(), a.XMM()
	a.ADDQ(row, row)
	a.VMOVDQU(Mem{Base: r.sums, Index: row, Scale: 8}, sum)
	for k := range columns {
		a.MOVBQZX(Mem{Base: word, Disp: k}, bin)
		a.ADDQ(bin, bin)
		a.VPADDQ(cell(k), sum, next)
		a.VMOVDQU(next, cell(k))
	}
}

// subtract goes over whole vectors, four in a turn.
func subtract(c *build.Context) {
	c.Function("subtractVectors")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(a *int64, b *int64, n int)")
	c.Doc("subtractVectors sets n numbers, a multiple of 16, from a on to a - b.")
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
