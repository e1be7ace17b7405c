package gemm

import (
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// problem is the arguments of one call of Mul, or a part of it.
type problem struct {
	acc, transA, transB bool
	m, n, k             int
	a                   []float32
	lda                 int
	b                   []float32
	ldb                 int
	c                   []float32
	ldc                 int
}

// job computes a problem. Jobs are pooled with their buffers, so that a call does not allocate.
type job struct {
	problem
	level      cpu.Level
	rows, cols int // of the largest tile
	method     method
	cut        cut

	sums     []float32 // of chunks of k after the first, which goes to c
	packed   []float32 // b for all pieces, see shared
	straight [3][]float32
}

// method says how a piece is computed.
type method int

const (
	strips       method = iota // tiles, in columns
	dots                       // dot products: both operands have k in their rows
	combinations               // rows of c from a few rows of b
)

var jobs portions.Pool[job]

const (
	// fewRows is for products without transB. With few rows each element of b is used once or a few
	// times, and combining whole rows reads b in the order of memory.
	fewRows = 4
	// fewSteps likewise: then c is most of what is moved, and combinations write it in the order of memory.
	fewSteps = 4
	// Dot products need no transposed copy of b, which pays while b meets few rows; each ends with a sum
	// over the lanes of a vector, which wants them long.
	fewDots  = 18
	longDots = 128
)

// multiply chooses the method, by shape and level alone, and computes.
func (j *job) multiply() {
	j.level = cpu.Active()
	j.rows, j.cols = tile.Size(j.level)
	if j.m == 1 {
		j.straighten()
	}
	if j.k == 1 && j.transB { // a column is a row
		j.b, j.ldb, j.transB = j.apart(1, j.b, j.n, j.ldb), j.n, false
	}
	switch {
	case !tile.Vectors(j.level):
		j.method = strips
	case !j.transA && j.transB && (j.m == 1 || min(j.m, j.n) <= fewDots && j.k >= longDots):
		j.method = dots
	case !j.transB && (j.m <= fewRows || j.k <= fewSteps):
		j.method = combinations
	default:
		j.method = strips
	}
	if j.method == strips && j.shares() {
		j.parts()
		return
	}
	j.compute()
}

// compute computes all pieces, then adds up the chunks in order.
func (j *job) compute() {
	j.split()
	j.sums = portions.Grow(j.sums, (j.cut.chunks-1)*j.m*j.n)
	parallel.For(j.cut.down*j.cut.across*j.cut.chunks, 1, j)
	for s := range j.cut.chunks - 1 {
		for i := range j.m {
			c := j.c[i*j.ldc : i*j.ldc+j.n]
			vec.Add(c, c, j.sums[(s*j.m+i)*j.n:][:j.n])
		}
	}
}

// cut is how the work is cut: the rows of c into down parts, its columns into across, and k into chunks,
// each of which goes by passes of depth steps. Parts of c are of whole units, and as equal as those allow.
type cut struct {
	down, across, chunks      int
	unitRows, unitCols, depth int
}

// part returns where part i of so many of n rows or columns begins. The larger parts come first: workers that take
// one after the other then finish together.
func part(n, unit, parts, i int) int {
	units := portions.Ceil(n, unit)
	return min(n, (units/parts*i+min(i, units%parts))*unit)
}

// region is the part of a product that a piece of work computes, and where its sums go: c begins at
// the first row and column of the product.
type region struct {
	row, rowEnd, col, colEnd, step, stepEnd int
	c                                       []float32
	ldc                                     int
	acc                                     bool
}

// Run computes pieces lo to hi. Those that read the same rows of a follow each other.
func (j *job) Run(lo, hi int) {
	c := &j.cut
	for i := lo; i < hi; i++ {
		chunk, q, p := i%c.chunks, i/c.chunks%c.across, i/c.chunks/c.across
		r := region{
			row: part(j.m, c.unitRows, c.down, p), rowEnd: part(j.m, c.unitRows, c.down, p+1),
			col: part(j.n, c.unitCols, c.across, q), colEnd: part(j.n, c.unitCols, c.across, q+1),
			step: part(j.k, 1, c.chunks, chunk), stepEnd: part(j.k, 1, c.chunks, chunk+1),
			c: j.c, ldc: j.ldc, acc: j.acc,
		}
		if chunk > 0 {
			r.c, r.ldc, r.acc = j.sums[(chunk-1)*j.m*j.n:], j.n, false
		}
		switch j.method {
		case dots:
			j.dots(&r)
		case combinations:
			j.combine(&r)
		default:
			j.strips(&r)
		}
	}
}

// at returns the index of element (i, j) of a matrix or of the stored transpose of it.
func at(trans bool, i, j, ld int) int {
	if trans {
		i, j = j, i
	}
	return i*ld + j
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
