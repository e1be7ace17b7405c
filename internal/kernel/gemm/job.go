package gemm

import (
	"math"
	"sync"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
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
	pack          packing
	off, out      [24]int32 // distances of the rows of a tile in a and c

	// Work is handed out in blocks of blockTiles x blockPanels tiles and, when sums is not nil,
	// chunks of k; sums then holds a c for each chunk.
	blockTiles, blockPanels, chunks int
	sums                            []float32

	packed                     []float32
	packPanels, compute, total func(lo, hi int)
}

// packing says how the tiles read b.
type packing int

const (
	direct packing = iota // where it is
	panels                // from a copy [panel][k][cols]
	paired                // from a copy in pairs of steps
)

var jobs = sync.Pool{New: func() any {
	j := new(job)
	j.packPanels, j.compute, j.total = j.doPack, j.doCompute, j.doTotal
	return j
}}

// Sizes that bound what one block of work touches. Measured on a Zen 5 core with 48 KB of first-
// and 1 MB of second-level cache.
const maxDepth = 512 // steps of one tile: a panel of 64 KB and the rows of a block share the second level

var maxPacked = 4 << 20 // elements of the copy of b; tests lower it

// run splits the problem until the copy of b is small enough.
func (j *job) run() {
	j.level = cpu.Active()
	j.rows, j.cols = tile.Size(j.level)
	whole := j.problem
	depth := max(maxPacked/j.cols, 1)
	for p := 0; p < whole.k; p += depth {
		k := min(depth, whole.k-p)
		width := max(maxPacked/k/j.cols, 1) * j.cols
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

// part computes a problem whose copy of b fits.
func (j *job) part() {
	j.pack = j.choosePacking()
	if j.transA && j.n <= j.cols/2 {
		j.rows = tile.NarrowRows(j.level)
	}
	for j.rows > 1 && j.rows*max(j.lda, j.ldc) > math.MaxInt32 {
		j.rows-- // the distances in a tile are kept in 32 bits
	}
	j.tiles = ceil(j.m, j.rows)
	j.panels = ceil(j.n, j.cols)
	for i := range j.rows {
		j.off[i] = int32(i * j.lda)
		j.out[i] = int32(i * j.ldc)
	}
	j.split()
	if j.pack != direct {
		j.packed = grow(j.packed, j.panels*j.k*j.cols)
		parallel.For(j.panels, max(1, 1<<16/(j.k*j.cols)), j.packPanels)
	}
	blocks := ceil(j.tiles, j.blockTiles) * ceil(j.panels, j.blockPanels)
	parallel.For(blocks*j.chunks, 1, j.compute)
	if j.chunks > 1 {
		parallel.For(j.m, max(1, 1<<14/(j.n*j.chunks)), j.total)
	}
	j.rows, j.cols = tile.Size(j.level)
}

// choosePacking returns direct when a copy of b costs more than it gains: with few rows of a, each
// element of b is used too seldom.
func (j *job) choosePacking() packing {
	switch {
	case j.n <= tile.PairCols(j.level) && !j.transA && j.k%2 == 0 && j.m >= 4*j.rows:
		return paired
	case j.transB:
		return panels
	case j.level == cpu.AVX2 && j.n%8 != 0: // whole vectors of b would end beyond its last row
		return panels
	case j.n <= j.cols || j.m <= 8*j.rows:
		return direct
	}
	return panels
}

// split decides how the work is cut into blocks, by size alone.
func (j *job) split() {
	const enough = 1 << 21 // multiply-adds of a block: 20 µs or so
	j.blockTiles = min(j.tiles, max(1, 240/j.rows))
	perPanel := j.blockTiles * j.rows * j.cols * j.k
	j.blockPanels = min(j.panels, max(1, enough/perPanel))
	for j.blockTiles > 1 && j.blockTiles*j.rows*j.blockPanels*j.cols*j.k > 2*enough {
		j.blockTiles = (j.blockTiles + 1) / 2
	}
	j.chunks = 1
	blocks := ceil(j.tiles, j.blockTiles) * ceil(j.panels, j.blockPanels)
	if blocks < 8 && j.k >= 4096 {
		j.chunks = min(16, j.k/1024)
		j.sums = grow(j.sums, j.chunks*j.m*j.n)
	}
}

// doPack copies panels of b.
func (j *job) doPack(lo, hi int) {
	for q := lo; q < hi; q++ {
		dst := j.packed[q*j.k*j.cols:]
		src := j.b[at(j.transB, 0, q*j.cols, j.ldb):]
		cols := min(j.cols, j.n-q*j.cols)
		if j.pack == paired {
			tile.PackPair(j.level, dst, src, j.ldb, j.transB, j.k, cols)
		} else {
			tile.Pack(j.level, dst, src, j.ldb, j.transB, j.k, cols)
		}
	}
}

// doCompute computes blocks of tiles.
func (j *job) doCompute(lo, hi int) {
	down := ceil(j.tiles, j.blockTiles)
	for i := lo; i < hi; i++ {
		chunk, block := i%j.chunks, i/j.chunks
		t, q := block%down*j.blockTiles, block/down*j.blockPanels
		b := region{
			tile: t, tileEnd: min(t+j.blockTiles, j.tiles),
			panel: q, panelEnd: min(q+j.blockPanels, j.panels),
			step: j.chunkStart(chunk), stepEnd: j.chunkStart(chunk + 1),
			c: j.c, ldc: j.ldc, acc: j.acc,
		}
		if j.chunks > 1 {
			b.c, b.ldc, b.acc = j.sums[chunk*j.m*j.n:], j.n, false
		}
		if j.transA {
			j.outer(b)
		} else {
			j.inner(b)
		}
	}
}

// chunkStart returns the first step of a chunk, an even number since paired tiles take two steps at
// a time.
func (j *job) chunkStart(i int) int {
	if i == j.chunks {
		return j.k
	}
	return j.k * i / j.chunks &^ 1
}

// region is the tiles, panels and steps that a block of work covers, and where its sums go.
type region struct {
	tile, tileEnd, panel, panelEnd, step, stepEnd int
	c                                             []float32
	ldc                                           int
	acc                                           bool
}

// depth returns the steps of one pass over a region: an even share, and an even number.
func (r region) depth() int {
	k := r.stepEnd - r.step
	return (ceil(k, ceil(k, maxDepth)) + 1) &^ 1
}

// rowsOf returns the rows of tile t. All tiles have the same number of rows or one less.
func (j *job) rowsOf(t int) (first, n int) {
	base, extra := j.m/j.tiles, j.m%j.tiles
	if t < extra {
		return t * (base + 1), base + 1
	}
	return t*base + extra, base
}

// panelAt returns b for panel q from step p on, and the distance of its rows.
func (j *job) panelAt(q, p int) ([]float32, int) {
	switch j.pack {
	case direct:
		return j.b[p*j.ldb+q*j.cols:], j.ldb
	case paired:
		return j.packed[p/2*j.cols:], j.cols
	}
	return j.packed[(q*j.k+p)*j.cols:], j.cols
}

// inner computes a region when the rows of op(a) are contiguous.
func (j *job) inner(r region) {
	depth := r.depth()
	var t tile.Rows
	t.Taps, t.Off, t.Out = 1, j.off[:], j.out[:]
	if j.chunks > 1 {
		var out [24]int32
		for i := range out {
			out[i] = int32(i * r.ldc)
		}
		t.Out = out[:]
	}
	for p := r.step; p < r.stepEnd; p += depth {
		t.Inner = min(depth, r.stepEnd-p)
		t.Acc = flag(r.acc || p > r.step)
		for q := r.panel; q < r.panelEnd; q++ {
			t.B, t.LDB = j.panelAt(q, p)
			t.Cols = min(j.cols, j.n-q*j.cols)
			for i := r.tile; i < r.tileEnd; i++ {
				first, n := j.rowsOf(i)
				t.Rows = n
				t.A = j.a[first*j.lda+p:]
				t.C = r.c[first*r.ldc+q*j.cols:]
				if j.pack == paired {
					t.RunPair(j.level)
				} else {
					t.Run(j.level)
				}
			}
		}
	}
}

// outer computes a region when the columns of op(a) are contiguous.
func (j *job) outer(r region) {
	depth := r.depth()
	var t tile.Outer
	var seg [3]int32
	t.Segs, t.Seg, t.LDA, t.LDC = 1, seg[:], j.lda, r.ldc
	for p := r.step; p < r.stepEnd; p += depth {
		seg[2] = int32(min(depth, r.stepEnd-p))
		t.Acc = flag(r.acc || p > r.step)
		for q := r.panel; q < r.panelEnd; q++ {
			t.B, t.LDB = j.panelAt(q, p)
			t.Cols = min(j.cols, j.n-q*j.cols)
			for i := r.tile; i < r.tileEnd; i++ {
				first, n := j.rowsOf(i)
				t.Rows = n
				t.A = j.a[p*j.lda+first:]
				t.C = r.c[first*r.ldc+q*j.cols:]
				t.Run(j.level)
			}
		}
	}
}

// doTotal adds the chunks of rows lo to hi in order.
func (j *job) doTotal(lo, hi int) {
	for i := lo; i < hi; i++ {
		c := j.c[i*j.ldc : i*j.ldc+j.n]
		if !j.acc {
			clear(c)
		}
		for s := range j.chunks {
			for x, v := range j.sums[(s*j.m+i)*j.n : (s*j.m+i+1)*j.n] {
				c[x] += v
			}
		}
	}
}

func ceil(a, b int) int { return (a + b - 1) / b }

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// grow returns a buffer of n elements, s if it is large enough.
func grow(s []float32, n int) []float32 {
	if cap(s) < n {
		return make([]float32, n)
	}
	return s[:n]
}
