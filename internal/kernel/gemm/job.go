package gemm

import (
	"math"
	"sync"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
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
	level         cpu.Level
	rows, cols    int // of the largest tile
	tiles, panels int // that cover c
	layout        layout
	off, out      [24]int32 // distances of the rows of a tile in a and c

	// Work is handed out in blocks of blockTiles x blockPanels tiles and, when there are several
	// chunks of k, for each of them; chunks after the first have a c of their own in sums.
	blockTiles, blockPanels, chunks int
	panelsInner                     bool // a block passes each tile over its panels, not each panel over its tiles
	sums                            []float32

	packedB, copyA                []float32
	copyDepth                     int // steps of a pass in copyA, which holds [pass][m][copyDepth+copySkew]; 0 without a copy
	packPanels, copyPart, compute func(lo, hi int)
}

// layout says how the tiles read b.
type layout int

const (
	direct layout = iota // where it is
	panels               // from a copy [panel][k][cols]
	paired               // from a copy in pairs of steps
)

var jobs = sync.Pool{New: func() any {
	j := new(job)
	j.packPanels, j.copyPart, j.compute = j.doPack, j.doCopy, j.doCompute
	return j
}}

// maxCopy bounds the elements of the copies of a and b.
var maxCopy = 4 << 20 // a variable so that tests can lower it

// run splits the problem until its copies are small enough.
func (j *job) run() {
	j.level = cpu.Active()
	whole := j.problem
	_, cols := tile.Size(j.level)
	depth := max(maxCopy/cols, 1)
	for p := 0; p < whole.k; p += depth {
		k := min(depth, whole.k-p)
		width := max(maxCopy/k/cols, 1) * cols
		for q := 0; q < whole.n; q += width {
			j.problem = whole
			j.k, j.n = k, min(width, whole.n-q)
			j.a = whole.a[at(whole.transA, 0, p, whole.lda):]
			j.b = whole.b[at(whole.transB, p, q, whole.ldb):]
			j.c = whole.c[q:]
			j.acc = whole.acc || p > 0
			j.part()
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

// part computes a problem whose copy of b fits, a slab of rows at a time when a has to be copied too.
func (j *job) part() {
	j.rows, j.cols = tile.Size(j.level)
	j.panels = ceil(j.n, j.cols)
	if j.layout = j.chooseLayout(); j.layout != direct {
		j.packedB = grow(j.packedB, j.panels*j.k*j.cols)
		parallel.For(j.panels, max(1, 1<<16/(j.k*j.cols)), j.packPanels)
	}
	if !j.needsCopy() {
		j.slab()
		return
	}
	whole := j.problem
	j.copyDepth = passDepth(whole.k)
	pitch := j.copyDepth + copySkew
	passes := ceil(whole.k, j.copyDepth)
	for i := 0; i < whole.m; i += j.m {
		j.problem = whole
		j.m = min(max(maxCopy/(passes*pitch), 1), whole.m-i)
		j.a = whole.a[at(whole.transA, i, 0, whole.lda):]
		j.c = whole.c[i*whole.ldc:]
		j.copyA = grow(j.copyA, passes*j.m*pitch)
		parallel.For(passes*ceil(j.m, copyRows), 1, j.copyPart)
		j.a, j.lda, j.transA = j.copyA, pitch, false
		j.slab()
	}
	j.copyDepth = 0
}

// chooseLayout returns direct when a copy of b costs more than it gains: with few rows of a, each
// element of b is used too seldom.
func (j *job) chooseLayout() layout {
	switch {
	case j.n <= tile.PairCols(j.level) && !j.transA && j.k%2 == 0 && j.m >= 4*j.rows:
		return paired
	case j.transB:
		return panels
	case j.n%tile.Whole(j.level) != 0: // whole vectors of b would end beyond its last row
		return panels
	case j.n <= j.cols || j.m <= 8*j.rows:
		return direct
	}
	return panels
}

const (
	// copySkew is added to the rows of a copy of a, so that the twelve rows of a tile begin in
	// different places of the first-level cache.
	copySkew = 16
	copyRows = 32 // of a part of the copy
)

// needsCopy reports whether a has to be copied: its rows are a multiple of 4 KB apart, so that the
// rows of a tile compete for one set of the first-level cache (1024 cubed: 0.86 of the peak without
// the copy), or it is transposed with rows so long that each step of a tile reads another page (2048
// cubed: 0.34). With few columns the copy costs more than that.
func (j *job) needsCopy() bool {
	far := 1024
	if j.transA {
		far = 600
	}
	if j.n < 4*j.cols || j.m < 2*j.rows || j.k < 64 {
		return false
	}
	return j.transA && j.lda > far || j.lda%far == 0
}

// slab computes a problem whose operands are ready.
func (j *job) slab() {
	j.rows, j.cols = tile.Size(j.level)
	if j.transA && j.n <= j.cols/2 {
		j.rows = tile.NarrowRows(j.level)
	}
	for j.rows > 1 && j.rows*max(j.lda, j.ldc) > math.MaxInt32 {
		j.rows-- // the distances in a tile are kept in 32 bits
	}
	j.tiles = ceil(j.m, j.rows)
	for i := range j.rows {
		j.off[i] = int32(i * j.lda)
		j.out[i] = int32(i * j.ldc)
	}
	j.split()
	blocks := ceil(j.tiles, j.blockTiles) * ceil(j.panels, j.blockPanels)
	j.sums = grow(j.sums, (j.chunks-1)*j.m*j.n)
	parallel.For(blocks*j.chunks, 1, j.compute)
	for s := range j.chunks - 1 {
		for i := range j.m {
			c := j.c[i*j.ldc : i*j.ldc+j.n]
			vec.Add(c, c, j.sums[(s*j.m+i)*j.n:][:j.n])
		}
	}
}

// split decides how the work is cut into blocks, by size alone.
func (j *job) split() {
	const (
		enough   = 1 << 21   // multiply-adds of a block: 20 µs or so
		most     = 240       // rows of a block, whose part of a stays in the second-level cache
		resident = 128 << 10 // elements of b that stay in the second-level cache
		want     = 16        // blocks, so that they spread evenly
	)
	perTile := j.rows * j.panels * j.cols * j.k
	j.panelsInner = j.panels > 1 && j.copyDepth == 0 && j.k <= 2*maxDepth && j.k*j.panels*j.cols <= resident
	j.blockTiles = min(j.tiles, max(1, most/j.rows))
	j.blockPanels = j.panels
	if j.panelsInner {
		j.blockTiles = min(j.blockTiles, max(1, enough/perTile))
	}
	j.blockTiles = ceil(j.tiles, ceil(j.tiles, j.blockTiles))
	if down := ceil(j.tiles, j.blockTiles); down < want && !j.panelsInner {
		across := min(j.panels, ceil(want, down), max(1, perTile*j.blockTiles/enough))
		j.blockPanels = ceil(j.panels, across)
		for j.blockTiles > 1 && j.blockTiles*perTile/j.panels*j.blockPanels > 2*enough && ceil(j.tiles, j.blockTiles)*across < want {
			j.blockTiles = (j.blockTiles + 1) / 2
		}
	}
	j.chunks = 1
	blocks := ceil(j.tiles, j.blockTiles) * ceil(j.panels, j.blockPanels)
	if blocks < 8 && j.k >= 4096 && j.copyDepth == 0 {
		j.chunks = min(16, j.k/1024)
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

// grow returns a buffer of n elements, s if it is large enough.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
