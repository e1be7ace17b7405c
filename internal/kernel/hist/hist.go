package hist

import (
	"math"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Bins is how many bins a column has.
const Bins = 256

// perWord is how many columns a word has room for, and stride from how many cells of one column those of the next come: so
// many more than bins that a row of equal bins, such as a row of zeros, does not meet cells that are 4 KB apart, which
// processors take for one another.
const (
	perWord = 8
	stride  = Bins + 16
)

// Layout says how a table of bins and its histograms lie in memory.
type Layout struct {
	Columns int // of the table
	Numbers int // that a row adds to a cell: 1 or 2
}

// Groups returns how many words a row has.
func (l Layout) Groups() int { return portions.Ceil(l.Columns, perWord) }

// width returns how many columns a group has, but for the last one, which may have fewer: as even as can be.
func (l Layout) width() int { return portions.Ceil(l.Columns, max(1, l.Groups())) }

// Place returns in which group a column is, and in which byte of its words.
func (l Layout) Place(column int) (group, byte int) { return column / l.width(), column % l.width() }

// Group returns which columns are in a group.
func (l Layout) Group(g int) (begin, end int) {
	return g * l.width(), min((g+1)*l.width(), l.Columns)
}

// Len returns how many numbers a histogram has.
func (l Layout) Len() int { return l.cells(l.Columns) }

func (l Layout) cells(columns int) int { return columns * stride * l.Numbers }

// Cells returns the numbers of a column in histogram h, those of a bin side by side.
func (l Layout) Cells(h []int64, column int) []int64 {
	at := l.cells(column)
	return h[at : at+Bins*l.Numbers]
}

// group returns those of the columns of a group.
func (l Layout) group(h []int64, g int) []int64 {
	begin, end := l.Group(g)
	return h[l.cells(begin):l.cells(end)]
}

// Scale returns the power of two by which to multiply values whose magnitudes have the given sum, so that sums of their
// integer parts stay below 2^bits. What rounding a value loses is 2^-bits of that sum at most.
func Scale(total float64, bits int) float64 {
	if !(total > 0) {
		return 1
	}
	_, e := math.Frexp(total)
	return math.Ldexp(1, min(bits-e, 1023))
}

// addRef adds the numbers of row i to the cells that it is in, for each i in rows: h is the histogram of one group of so
// many columns.
func addRef(h []int64, columns, numbers int, words []uint64, sums []int64, rows []int32) {
	if numbers == 1 {
		for _, i := range rows {
			word, s := words[i], sums[i]
			for k := range columns {
				(*[Bins]int64)(h[k*stride:])[uint8(word>>(8*k))] += s
			}
		}
		return
	}
	for _, i := range rows {
		word, s := words[i], [2]int64(sums[2*i:])
		for k := range columns {
			c := (*[2]int64)(h[2*(k*stride+int(uint8(word>>(8*k)))):])
			c[0] += s[0]
			c[1] += s[1]
		}
	}
}

// Build sets the used groups of h, which are in ascending order, to the histogram of the given rows. Words has a word of
// every row of the table for each group, sums the Numbers of every row.
func (l Layout) Build(h []int64, used []int, words []uint64, sums []int64, rows []int32) {
	j := jobs.Get()
	j.Layout, j.h, j.used, j.words, j.sums, j.rows = l, h, used, words, sums, rows
	j.parts = max(1, min(wanted/max(1, len(used)), len(rows)/partRows))
	j.partial = portions.Grow(j.partial, len(used)*(j.parts-1)*l.cells(l.width()))
	grain := max(1, smallest/max(1, len(rows)))
	parallel.For(len(used)*j.parts, grain, j)
	for u, g := range used {
		for p := 1; p < j.parts; p++ {
			to := l.group(h, g)
			for i, v := range j.part(u, p)[:len(to)] {
				to[i] += v
			}
		}
	}
	*j = job{partial: j.partial}
	jobs.Put(j)
}

// wanted is how many pieces a histogram is cut into where there are rows enough, and partRows are: clearing the cells of a
// group and adding them to others costs as much as some 500 rows. Fewer than smallest rows are not worth waking somebody.
const (
	wanted   = 8
	partRows = 1 << 13
	smallest = 1 << 11
)

// job is a parallel loop over groups and parts of the rows.
type job struct {
	Layout
	h       []int64
	used    []int
	words   []uint64
	sums    []int64
	rows    []int32
	parts   int
	partial []int64 // of each used group, what parts but the first add
}

var jobs portions.Pool[job]

// part returns where part p > 0 of a used group goes.
func (j *job) part(u, p int) []int64 {
	size := j.cells(j.width())
	at := (u*(j.parts-1) + p - 1) * size
	return j.partial[at : at+size]
}

// Run implements parallel.Job.
func (j *job) Run(lo, hi int) {
	n := len(j.sums) / j.Numbers
	for i := lo; i < hi; i++ {
		u, p := i/j.parts, i%j.parts
		g := j.used[u]
		to := j.group(j.h, g)
		if p > 0 {
			to = j.part(u, p)[:len(to)]
		}
		clear(to)
		if rows := j.rows[portions.Share(len(j.rows), p, j.parts):portions.Share(len(j.rows), p+1, j.parts)]; len(rows) > 0 {
			begin, end := j.Group(g)
			add(to, end-begin, j.Numbers, j.words[g*n:(g+1)*n], j.sums, rows)
		}
	}
}

// Subtract sets the used groups of a to a - b.
func (l Layout) Subtract(a, b []int64, used []int) {
	for _, g := range used {
		subtract(l.group(a, g), l.group(b, g))
	}
}

// subtractRef sets a to a - b.
func subtractRef(a, b []int64) {
	for i, v := range b {
		a[i] -= v
	}
}
