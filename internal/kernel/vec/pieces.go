package vec

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/portions"
)

// Reductions over rows cut the matrix into pieces of rows, and very wide matrices also into pieces
// of columns. Each piece is summed into float64 on its own, and the pieces' sums are added in
// order. Narrow rows are summed several at a time, see [task.repeat]. All sizes depend on the shape
// alone.
const (
	pieceElements = 64 << 10
	pieceColumns  = 512 // the float64 sums and a few rows then share the first-level cache
	piecePeriod   = 128 // columns that narrow rows are repeated to; 64 to 512 do as well
)

// cut is how a matrix [rows, c] is divided.
type cut struct {
	c, rows   int
	times     int // rows that are summed side by side
	pieceRows int
	pieceCols int
	across    int // pieces side by side
	down      int // pieces one below the other
	sums      int // sums per column, 1 or 2
	body      rowReducer
	set       *kernels // that body calls
}

// rowReducer adds what it computes from each column of b to its element of one or both sums, with kernels of set.
type rowReducer func(t *task, set *kernels, sum0, sum1 []float64, b piece)

// piece is a matrix within the matrix: rows of width elements, stride apart. It starts at element
// lo and column col, and its last element is hi-1. With narrow rows, a row of the piece is several
// rows of the matrix, and col is 0.
type piece struct{ lo, hi, col, width, rows, stride int }

func newCut(n, c int) cut {
	if n == 0 {
		return cut{c: c}
	}
	k := cut{c: c, rows: n / c, times: repeats(c, n, piecePeriod), pieceCols: min(c, pieceColumns)}
	k.pieceRows = max(1, pieceElements/k.pieceCols/k.times) * k.times
	k.across = portions.Ceil(c, k.pieceCols)
	k.down = portions.Ceil(k.rows, k.pieceRows)
	return k
}

// reduceRows runs body over the pieces of t.x and leaves the sums in t.partial: c of the first,
// behind them c of the second.
//
// The kernels of most levels add a few rows in float32 before they add to the float64 sums, and these few may
// leave its range where the sum does not. So sums that are not finite are summed again by the generic kernels,
// in float64 throughout; what is not finite then is so because x is not.
func (t *task) reduceRows(c, sums int, body rowReducer) {
	t.cut = newCut(len(t.x), c)
	t.cut.sums, t.cut.body, t.cut.set = sums, body, t.set
	t.reducePieces()
	if exact := &table[cpu.Generic].cached; t.set != exact && !finite(t.partial[:sums*c]) {
		t.cut.set = exact
		t.reducePieces()
	}
}

func (t *task) reducePieces() {
	n := t.cut.sums * t.cut.c
	t.floats64(max(1, t.cut.down) * n)
	t.loop(t.cut.down*t.cut.across, 1, func(t *task, lo, hi int) {
		for i := lo; i < hi; i++ {
			t.reducePiece(i/t.cut.across, i%t.cut.across)
		}
	})
	total := t.partial[:n]
	for d := 1; d < t.cut.down; d++ {
		for i, v := range t.partial[d*n : (d+1)*n] {
			total[i] += v
		}
	}
}

func finite(a []float64) bool {
	for _, v := range a {
		if v-v != 0 {
			return false
		}
	}
	return true
}

var accumulators portions.Pool[[2 * pieceColumns]float64]

func (t *task) reducePiece(down, across int) {
	k := &t.cut
	row, col := down*k.pieceRows, across*k.pieceCols
	rows, cols := min(k.pieceRows, k.rows-row), min(k.pieceCols, k.c-col)
	full, rest := rows/k.times, rows%k.times

	acc := accumulators.Get()
	width := k.times * cols
	sum0, sum1 := acc[:width], acc[width:2*width]
	clear(acc[:2*width])
	b := piece{lo: row*k.c + col, col: col, width: width, rows: full, stride: k.times * k.c}
	if full > 0 {
		b.hi = b.lo + (full-1)*b.stride + width
		k.body(t, k.set, sum0, sum1, b)
	}
	if rest > 0 {
		b.lo += full * b.stride
		b.rows, b.width = 1, rest*cols
		b.hi = b.lo + b.width
		k.body(t, k.set, sum0[:b.width], sum1[:b.width], b)
	}
	out := t.partial[down*k.sums*k.c+col:]
	for s := range k.sums {
		fold(out[s*k.c:][:cols], acc[s*width:][:width])
	}
	accumulators.Put(acc)
}

// fold adds up the repetitions of dst's columns in a.
func fold(dst, a []float64) {
	copy(dst, a)
	for a = a[len(dst):]; len(a) > 0; a = a[len(dst):] {
		for i := range dst {
			dst[i] += a[i]
		}
	}
}
