package gemm

import "github.com/residuum-go/residuum/internal/kernel/gemm/tile"

// doPack copies panels lo to hi of b.
func (j *job) doPack(lo, hi int) {
	for q := lo; q < hi; q++ {
		dst := j.packedB[q*j.k*j.cols:]
		src := j.b[at(j.transB, 0, q*j.cols, j.ldb):]
		cols := min(j.cols, j.n-q*j.cols)
		if j.layout == paired {
			tile.PackPair(j.level, dst, src, j.ldb, j.transB, j.k, cols)
		} else {
			tile.Pack(j.level, dst, src, j.ldb, j.transB, j.k, cols)
		}
	}
}

// doCopy copies parts lo to hi of op(a): copyRows rows of a pass.
func (j *job) doCopy(lo, hi int) {
	pitch := j.copyDepth + copySkew
	parts := ceil(j.m, copyRows)
	for i := lo; i < hi; i++ {
		pass, row := i/parts, i%parts*copyRows
		p := pass * j.copyDepth
		rows, depth := min(copyRows, j.m-row), min(j.copyDepth, j.k-p)
		dst := j.copyA[(pass*j.m+row)*pitch:]
		if j.transA {
			tile.Transpose(j.level, dst, pitch, j.a[p*j.lda+row:], j.lda, depth, rows)
			continue
		}
		for r := range rows {
			copy(dst[r*pitch:r*pitch+depth], j.a[(row+r)*j.lda+p:])
		}
	}
}

// doCompute computes blocks of tiles. Blocks that read the same rows of a follow each other.
func (j *job) doCompute(lo, hi int) {
	down, across := ceil(j.tiles, j.blockTiles), ceil(j.panels, j.blockPanels)
	for i := lo; i < hi; i++ {
		chunk, q, t := i%j.chunks, i/j.chunks%across, i/j.chunks/across
		r := region{
			tile: j.tiles * t / down, tileEnd: j.tiles * (t + 1) / down,
			panel: j.panels * q / across, panelEnd: j.panels * (q + 1) / across,
			step: j.chunkStart(chunk), stepEnd: j.chunkStart(chunk + 1),
			c: j.c, ldc: j.ldc, acc: j.acc,
		}
		if chunk > 0 {
			r.c, r.ldc, r.acc = j.sums[(chunk-1)*j.m*j.n:], j.n, false
		}
		if j.transA {
			j.outer(r)
		} else {
			j.inner(r)
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

// maxDepth is the most steps of a tile: a panel then takes 64 KB, and the rows of a block and some
// panels share the second-level cache.
const maxDepth = 512

// passDepth cuts k steps into equal passes of an even number of steps.
func passDepth(k int) int { return (ceil(k, ceil(k, maxDepth)) + 1) &^ 1 }

// depth returns the steps of one pass over a region.
func (j *job) depth(r region) int {
	if j.panelsInner {
		return r.stepEnd - r.step
	}
	return passDepth(r.stepEnd - r.step)
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
	switch j.layout {
	case direct:
		return j.b[p*j.ldb+q*j.cols:], j.ldb
	case paired:
		return j.packedB[p/2*j.cols:], j.cols
	}
	return j.packedB[(q*j.k+p)*j.cols:], j.cols
}

// inner computes a region when the rows of op(a) are contiguous.
func (j *job) inner(r region) {
	depth := j.depth(r)
	t := tile.Rows{Taps: 1, Off: j.off[:], Out: j.out[:], Ahead: j.a}
	var out [24]int32
	if r.ldc != j.ldc {
		for i := range out {
			out[i] = int32(i * r.ldc)
		}
		t.Out = out[:]
	}
	for p := r.step; p < r.stepEnd; p += depth {
		t.Inner = min(depth, r.stepEnd-p)
		t.Acc = flag(r.acc || p > r.step)
		if j.panelsInner {
			for i := r.tile; i < r.tileEnd; i++ {
				j.innerTiles(&t, r, p, i, i+1, r.panel, r.panelEnd)
			}
			continue
		}
		for q := r.panel; q < r.panelEnd; q++ {
			j.innerTiles(&t, r, p, r.tile, r.tileEnd, q, q+1)
		}
	}
}

// innerTiles computes tiles first to end for panels panel to panelEnd from step p on. Meanwhile it
// fetches what comes next: the rows of the next tile, or the next panel.
func (j *job) innerTiles(t *tile.Rows, r region, p, first, end, panel, panelEnd int) {
	a, contiguous := j.a[p:], j.lda == j.k
	if j.copyDepth > 0 {
		a, contiguous = j.a[p/j.copyDepth*j.m*j.lda:], true
	}
	nextRows := contiguous && (j.panelsInner || panel == r.panel)
	if !nextRows && !j.panelsInner && j.layout == panels && panelEnd < r.panelEnd {
		t.Ahead, _ = j.panelAt(panelEnd, p)
		t.AheadStep = ceil(4*j.cols, end-first)
	}
	for i := first; i < end; i++ {
		row, n := j.rowsOf(i)
		t.Rows = n
		t.A = a[row*j.lda:]
		next := min((row+n)*j.lda, len(a))
		perPanel := n * j.lda / (panelEnd - panel)
		for q := panel; q < panelEnd; q++ {
			if nextRows {
				t.Ahead = a[next:]
				t.AheadStep = min(64, ceil(4*perPanel, t.Inner))
				next = min(next+perPanel, len(a))
			}
			t.B, t.LDB = j.panelAt(q, p)
			t.Cols = min(j.cols, j.n-q*j.cols)
			t.C = r.c[row*r.ldc+q*j.cols:]
			if j.layout == paired {
				t.RunPair(j.level)
			} else {
				t.Run(j.level)
			}
			if !nextRows {
				t.Ahead = t.Ahead[min(t.AheadStep*t.Inner/4, len(t.Ahead)):]
			}
		}
	}
}

// outer computes a region when the columns of op(a) are contiguous.
func (j *job) outer(r region) {
	depth := j.depth(r)
	var seg [3]int32
	t := tile.Outer{Segs: 1, Seg: seg[:], LDA: j.lda, LDC: r.ldc, Ahead: j.a}
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

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
