package hist

import (
	"math"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Columns is how many columns a word and a group have, and Bins how many cells a column.
const (
	Columns = 8
	Bins    = 256
)

// Sum is what a row adds to its cells, and what a cell holds: two integers in units of [Scale].
type Sum [2]int64

// Group is the histogram of eight columns. Those of one bin lie side by side: a row of equal bins, such as a row of zeros,
// would otherwise meet cells that are 4 KB apart, which processors take for one another.
type Group [Bins][Columns]Sum

// Plus returns a + b.
func (a Sum) Plus(b Sum) Sum { return Sum{a[0] + b[0], a[1] + b[1]} }

// Minus returns a - b.
func (a Sum) Minus(b Sum) Sum { return Sum{a[0] - b[0], a[1] - b[1]} }

// Scale returns the power of two by which to multiply values whose magnitudes have the given sum, so that sums of their
// integer parts stay below 2^62, for fewer than 2^31 values. What rounding a value loses is 2^-61 of that sum at most.
func Scale(total float64) float64 {
	if !(total > 0) {
		return 1
	}
	_, e := math.Frexp(total)
	return math.Ldexp(1, min(61-e, 1023))
}

// Ref adds sums[i] to the cell of every column of h that row i is in, for each i in rows. It defines [Add].
func Ref(h *Group, words []uint64, sums []Sum, rows []int32) {
	for _, i := range rows {
		word, s := words[i], sums[i]
		for k := range Columns {
			c := &h[uint8(word>>(8*k))][k]
			c[0] += s[0]
			c[1] += s[1]
		}
	}
}

// Add adds sums[i] to the cell of every column of h that row i is in, for each i in rows. All i must be within words and
// sums.
func Add(h *Group, words []uint64, sums []Sum, rows []int32) {
	if len(rows) > 0 {
		add(h, words, sums, rows)
	}
}

// Build sets each group of h to the histogram of the given rows. Of words, which has len(sums) words for each group, and
// of h only those groups are touched that used names, in ascending order.
func Build(h []Group, used []int, words []uint64, sums []Sum, rows []int32) {
	j := jobs.Get()
	j.h, j.used, j.words, j.sums, j.rows = h, used, words, sums, rows
	j.parts = max(1, min(wanted/max(1, len(used)), len(rows)/partRows))
	j.partial = portions.Grow(j.partial, len(used)*(j.parts-1))
	parallel.For(len(used)*j.parts, 1, j)
	if j.parts > 1 {
		for u, g := range used {
			for p := range j.parts - 1 {
				h[g].add(&j.partial[u*(j.parts-1)+p])
			}
		}
	}
	*j = job{partial: j.partial}
	jobs.Put(j)
}

// wanted is how many pieces a histogram is cut into where there are rows enough, and partRows are: clearing a group and
// adding it to another costs as much as some 500 rows.
const (
	wanted   = 8
	partRows = 1 << 14
)

// job is a parallel loop over groups and parts of the rows.
type job struct {
	h       []Group
	used    []int
	words   []uint64
	sums    []Sum
	rows    []int32
	parts   int
	partial []Group // of each used group, what parts but the first add
}

var jobs portions.Pool[job]

// Run implements parallel.Job.
func (j *job) Run(lo, hi int) {
	for i := lo; i < hi; i++ {
		u, p := i/j.parts, i%j.parts
		g := j.used[u]
		to := &j.h[g]
		if p > 0 {
			to = &j.partial[u*(j.parts-1)+p-1]
		}
		clear(to[:])
		begin, end := len(j.rows)*p/j.parts, len(j.rows)*(p+1)/j.parts
		n := len(j.sums)
		Add(to, j.words[g*n:(g+1)*n], j.sums, j.rows[begin:end])
	}
}

func (a *Group) add(b *Group) {
	for i := range a {
		for k := range a[i] {
			a[i][k] = a[i][k].Plus(b[i][k])
		}
	}
}

// Subtract sets the used groups of a to a - b.
func Subtract(a, b []Group, used []int) {
	parallel.For(len(used), 4, parallel.Func(func(lo, hi int) {
		for _, g := range used[lo:hi] {
			subtract(&a[g], &b[g])
		}
	}))
}

// subtractRef sets a to a - b.
func subtractRef(a, b *Group) {
	for i := range a {
		for k := range a[i] {
			a[i][k] = a[i][k].Minus(b[i][k])
		}
	}
}
