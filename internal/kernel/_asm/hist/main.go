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
	divide(c)
	search(c)
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

// divide writes each row to both sides, of which the one moves on that it belongs to.
func divide(c *build.Context) {
	c.Function("divideColumn")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(rows *int32, spare *int32, column *uint8, goes *uint8, n int) int")
	c.Doc("divideColumn is divideRef for n > 0 rows and the bytes of a column, eight apart.")
	load := func(name string) reg.GPVirtual { return c.Load(c.Param(name), c.GP64()).(reg.GPVirtual) }
	rows, others, column, goes, n := load("rows"), load("spare"), load("column"), load("goes"), load("n")
	lefts, next, row, left := c.GP64(), c.GP64(), c.GP64(), c.GP64()
	c.MOVQ(rows, next)
	c.XORQ(lefts, lefts)
	step := func() {
		c.MOVLQSX(Mem{Base: next}, row)
		c.ADDQ(Imm(4), next)
		c.MOVBQZX(Mem{Base: column, Index: row, Scale: 8}, left)
		c.MOVBQZX(Mem{Base: goes, Index: left, Scale: 1}, left)
		c.MOVL(row.As32(), Mem{Base: rows, Index: lefts, Scale: 4})
		c.MOVL(row.As32(), Mem{Base: others})
		c.ADDQ(left, lefts)
		c.XORQ(Imm(1), left)
		c.LEAQ(Mem{Base: others, Index: left, Scale: 4}, others)
		c.DECQ(n)
	}
	c.SUBQ(Imm(ahead), n) // rows for which there is one to fetch
	c.JLE(LabelRef("rest"))
	c.Label("fetching")
	later := c.GP64()
	c.MOVLQSX(Mem{Base: next, Disp: 4 * ahead}, later)
	c.PREFETCHT0(Mem{Base: column, Index: later, Scale: 8})
	step()
	c.JNZ(LabelRef("fetching"))
	c.Label("rest")
	c.ADDQ(Imm(ahead), n)
	c.Label("row")
	step()
	c.JNZ(LabelRef("row"))
	c.Store(lefts, c.ReturnIndex(0))
	c.RET()
}
