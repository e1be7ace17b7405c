// Command hist writes the arm64 assembly of package hist, as the command of the same name writes it for amd64.
package main

import (
	"flag"
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

const (
	perWord = 8        // columns of a word
	stride  = 256 + 16 // cells from one column to the next
)

func main() {
	out := flag.String("out", "", "assembly")
	declarations := flag.String("declarations", "", "of the functions, in Go")
	flag.Parse()
	a := neon.New("hist")
	adder{a, "addNumber", 1}.function()
	adder{a, "addPair", 2}.function()
	subtract(a)
	divide(a)
	a.Write(*out, *declarations, "go run ./neon/hist")
}

// adder writes the loops for so many numbers a cell.
type adder struct {
	*neon.Asm
	name    string
	numbers int
}

// function has a loop for each number of columns.
func (a adder) function() {
	a.Func(a.name, "(h *int64, columns int, words *uint64, sums *int64, rows *int32, n int)",
		fmt.Sprintf("is addRef for n > 0 rows and %d numbers.", a.numbers), 48)
	var cells [perWord]neon.GP // of each column
	for k := range cells {
		cells[k] = a.GP()
	}
	columns, words, sums, rows, n := a.GP(), a.GP(), a.GP(), a.GP(), a.GP()
	a.Op("MOVD h+0(FP), %v", cells[0])
	for i, r := range []neon.GP{columns, words, sums, rows, n} {
		a.Op("MOVD %s+%d(FP), %v", []string{"columns", "words", "sums", "rows", "n"}[i], 8*(i+1), r)
	}
	for k := 1; k < perWord; k++ {
		a.Op("ADD $%d, %v, %v", 8*stride*a.numbers, cells[k-1], cells[k])
	}
	row, word, bin, at := a.GP(), a.GP(), a.GP(), a.GP()
	for k := perWord; k > 0; k-- {
		next, loop := fmt.Sprintf("below%d", k), fmt.Sprintf("row%d", k)
		a.Op("CMP $%d, %v", k, columns)
		a.Jump("BNE", next)
		a.Label(loop)
		a.Op("MOVW.P 4(%v), %v", rows, row)
		a.Op("MOVD (%v)(%v<<3), %v", words, row, word)
		if a.numbers == 1 {
			a.Op("MOVD (%v)(%v<<3), %v", sums, row, row)
		} else {
			a.Op("ADD %v<<4, %v, %v", row, sums, row)
		}
		a.addRow(cells[:k], word, row, bin, at)
		a.Op("SUBS $1, %v", n)
		a.Jump("BNE", loop)
		a.Op("RET")
		a.Label(next)
	}
	a.Op("RET")
	a.End()
}

// addRow adds a number, or the pair that is at sum, to a cell of each column.
func (a adder) addRow(cells []neon.GP, word, sum, bin, at neon.GP) {
	pair := a.Vec()
	if a.numbers == 2 {
		a.Load(pair, sum, 0, 4)
	}
	for k, c := range cells {
		a.Op("UBFX $%d, %v, $8, %v", 8*k, word, bin)
		if a.numbers == 1 {
			a.Op("MOVD (%v)(%v<<3), %v", c, bin, at)
			a.Op("ADD %v, %v", sum, at)
			a.Op("MOVD %v, (%v)(%v<<3)", at, c, bin)
			continue
		}
		a.Op("ADD %v<<4, %v, %v", bin, c, at)
		v := a.Vec()
		a.Load(v, at, 0, 4)
		a.VecOp("VADD V%d.D2, V%d.D2, V%d.D2", pair, v, v)
		a.Store(v, at, 0, 4)
	}
}

// subtract goes over whole vectors, eight in a turn.
func subtract(a *neon.Asm) {
	a.Func("subtractVectors", "(a *int64, b *int64, n int)", "sets n numbers, a multiple of 16, from a on to a - b.", 24)
	to, from, n := a.GP(), a.GP(), a.GP()
	a.Op("MOVD a+0(FP), %v", to)
	a.Op("MOVD b+8(FP), %v", from)
	a.Op("MOVD n+16(FP), %v", n)
	a.Label("turn")
	for i := range 4 {
		v, w := a.Vecs(2), a.Vecs(2)
		a.LoadPair(v[0], v[1], to, 32*i)
		a.LoadPair(w[0], w[1], from, 32*i)
		for j := range v {
			a.VecOp("VSUB V%d.D2, V%d.D2, V%d.D2", w[j], v[j], v[j])
		}
		a.StorePair(v[0], v[1], to, 32*i)
	}
	a.Op("ADD $128, %v", to)
	a.Op("ADD $128, %v", from)
	a.Op("SUBS $16, %v", n)
	a.Jump("BNE", "turn")
	a.Op("RET")
	a.End()
}

// divide writes each row to both sides, of which the one moves on that it belongs to.
func divide(a *neon.Asm) {
	a.Func("divideColumn", "(rows *int32, spare *int32, column *uint8, goes *uint8, n int) int",
		"is divideRef for n > 0 rows and the bytes of a column, eight apart.", 48)
	rows, others, column, goes, n := a.GP(), a.GP(), a.GP(), a.GP(), a.GP()
	for i, r := range []neon.GP{rows, others, column, goes, n} {
		a.Op("MOVD %s+%d(FP), %v", []string{"rows", "spare", "column", "goes", "n"}[i], 8*i, r)
	}
	next, lefts, row, left := a.GP(), a.GP(), a.GP(), a.GP()
	a.Op("MOVD %v, %v", rows, next)
	a.Op("MOVD $0, %v", lefts)
	a.Label("row")
	a.Op("MOVW.P 4(%v), %v", next, row)
	a.Op("ADD %v<<3, %v, %v", row, column, left)
	a.Op("MOVBU (%v), %v", left, left)
	a.Op("MOVBU (%v)(%v), %v", goes, left, left)
	a.Op("MOVW %v, (%v)(%v<<2)", row, rows, lefts)
	a.Op("MOVW %v, (%v)", row, others)
	a.Op("ADD %v, %v", left, lefts)
	a.Op("EOR $1, %v", left)
	a.Op("ADD %v<<2, %v", left, others)
	a.Op("SUBS $1, %v", n)
	a.Jump("BNE", "row")
	a.Op("MOVD %v, ret+40(FP)", lefts)
	a.Op("RET")
	a.End()
}
