package gemm

import (
	"math/bits"

	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Sizes of strips, in elements.
const (
	// maxDepth is the most steps of a pass. A panel of b then fills the first-level cache, and tiles read it from the
	// second, which costs less than adding sums to c twice as often.
	maxDepth = 512
	// pieceA is what a piece holds of a: less than half of a second-level cache of 512 KB, so that what the
	// next piece needs has room.
	pieceA = 48 << 10
	// packTogether is how many panels of b are copied together, packRows how many rows of them at a time: where
	// rows are pages apart, the neighbours of a line then arrive with it.
	packTogether = 4
	packRows     = 16
	// resident is what the first-level cache holds however it lies in memory.
	resident = 4 << 10
)

// maxPacked bounds the shared copy of b.
var maxPacked = 1 << 20 // a variable so that tests can lower it

// split decides how the work is cut, by size alone: into a power of two of equal pieces, so that 2, 4 and 8
// workers finish together, none of which takes less than a few microseconds.
func (j *job) split() {
	m, n, k := j.m, j.n, j.k
	j.cut = cut{down: 1, across: 1, chunks: 1, unitRows: 1, unitCols: 1, depth: k}
	c := &j.cut
	work := int64(m) * int64(n) * int64(k) // beyond an int of 32 bits
	if j.method == strips {
		j.splitStrips(pieces(work >> 18))
		return
	}
	most := pieces(work >> 16) // memory bounds most of what is not strips
	switch {
	case j.method == combinations && m <= fewRows:
		c.chunks = min(most, pieces(k>>6)) // whole rows of b, in the order of memory
		c.unitCols, c.across = 256, min(most/c.chunks, pieces(n>>8))
	case j.method == combinations:
		c.down = min(most, pieces(m>>2))
	default:
		if m > 1 { // the rows that meet stay in the first-level cache
			c.depth = min(k, 2048)
		}
		if m > n {
			c.unitRows, c.down = tile.DotRows, min(most, pieces(m/tile.DotRows))
		} else {
			c.unitCols, c.across = tile.DotCols, min(most, pieces(n/tile.DotCols))
		}
		c.chunks = min(most/(c.down*c.across), pieces(k>>14))
	}
}

// pieces is how many pieces work of n units is cut into: the largest power of two up to n, and 1 to 16.
func pieces[N int | int64](n N) int { return 1 << min(max(bits.Len64(uint64(n)), 1)-1, 4) }

// splitStrips cuts a product into strips, into about as many pieces as wanted.
func (j *job) splitStrips(wanted int) {
	j.cut.depth = passDepth(j.k)
	c := &j.cut
	c.unitRows, c.unitCols = j.rows, j.cols
	tiles, panels := portions.Ceil(j.m, j.rows), portions.Ceil(j.n, j.cols)
	if !j.whole() {
		c.down = portions.Ceil(tiles, max(1, pieceA/c.depth/j.rows))
	}
	switch {
	case c.down >= wanted:
		c.down = min(tiles, portions.RoundUp(c.down, 8))
	case j.shares():
		// Pieces of 8 tiles lose nothing for reading all of b, and those of 4 less than a worker that waits, which is
		// what counts where there are few tiles.
		c.down = max(c.down, min(wanted, max(pieces(tiles/8), min(8, pieces(tiles/4)))))
	default:
		if j.long() {
			c.chunks = min(portions.Ceil(wanted, c.down), pieces(j.k/512))
		}
		few := 2
		if j.transA {
			few = 8 // every piece copies its rows of a
		}
		c.across = pieces(min(wanted/(c.down*c.chunks), panels/few))
	}
}

// long reports whether the sums are long and few, so that chunks of k make better pieces than parts of c.
func (j *job) long() bool {
	times := 4
	if j.m > 16*j.rows {
		times = 8
	}
	return j.k >= 1024 && j.k >= times*max(j.m, j.n)
}

// shares reports whether the pieces share a copy of b that is made first, because several rows of
// pieces would each copy it.
func (j *job) shares() bool { return j.m > 16*j.rows && !j.whole() && !j.long() && j.copiesB(j.m) }

// whole reports whether all of a is read in place and takes half of a second-level cache at most. Pieces are
// columns of c then, each copies its own panels of b, and nobody waits for, or reads from the caches of, another.
func (j *job) whole() bool { return j.m*j.k <= 64<<10 && !j.copiesA(j.k, j.n) }

// copiesB reports whether a piece of so many rows reads b from a copy: panels of neighbouring
// elements. Without one, its columns lie in other pages and in the same few sets of the first-level cache.
func (j *job) copiesB(rows int) bool {
	return j.transB || rows > j.rows && j.k*j.ldb > resident
}

// parts computes a product whose pieces share a copy of b, a part of it at a time.
func (j *job) parts() {
	whole := j.problem
	depth := passDepth(whole.k)
	depth *= max(maxPacked/depth/portions.RoundUp(whole.n, j.cols), 1)
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
			n := portions.Ceil(j.n, j.cols)
			j.packed = portions.Grow(j.packed, n*k*j.cols)
			parallel.For(n, packTogether, (*packing)(j))
			j.compute()
			j.packed = j.packed[:0]
		}
	}
}

// packing is the loop over the panels of b that all pieces share.
type packing job

// Run copies panels lo to hi.
func (p *packing) Run(lo, hi int) {
	j := (*job)(p)
	j.packPanels(j.packed[lo*j.k*j.cols:], lo*j.cols, min(hi*j.cols, j.n), 0, j.k)
}

// packPanels copies the panels of b that begin at a column, k steps from step p on.
func (j *job) packPanels(to []float32, col, colEnd, p, k int) {
	few := packRows
	if j.transB {
		few = k
	}
	for q := 0; q < k; q += few {
		for c := col; c < colEnd; c += j.cols {
			panel := to[(c-col)*k+q*j.cols:]
			tile.Pack(j.level, panel, j.b[at(j.transB, p+q, c, j.ldb):], j.ldb, j.transB, min(few, k-q), min(j.cols, colEnd-c))
		}
	}
}

// passDepth cuts k steps into equal passes.
func passDepth(k int) int { return portions.Ceil(k, portions.Ceil(k, maxDepth)) }

// copies are what a piece copies for itself.
type copies struct{ a, b []float32 }

var copiesPool portions.Pool[copies]

// strips computes a region, panel by panel, with the rows of a staying in the second-level cache and the
// panel of b in the first-level one.
func (j *job) strips(r *region) {
	buf := copiesPool.Get()
	defer copiesPool.Put(buf)
	copiesB := len(j.packed) == 0 && j.copiesB(r.rowEnd-r.row)
	t := tile.Strip{M: r.rowEnd - r.row, LDC: r.ldc}
	for p := r.step; p < r.stepEnd; p += j.cut.depth {
		t.K, t.Acc = min(j.cut.depth, r.stepEnd-p), flag(r.acc || p > r.step)
		j.readA(&t, buf, r, p)
		next := j.nextA(r, p)
		for q := r.col; q < r.colEnd; q += j.cols {
			t.Cols = min(j.cols, r.colEnd-q)
			t.C = r.c[r.row*r.ldc+q:]
			tiles := portions.Ceil(t.M, tile.StripRows(j.level, t.Cols))
			t.Rows = portions.Ceil(t.M, tiles)
			t.Ahead, t.AheadStep, t.AheadTile = t.A, 0, 0
			switch {
			case len(j.packed) > 0:
				t.B, t.LDB = j.packed[q*j.k+p*j.cols:], j.cols
				if q+j.cols < r.colEnd { // the next panel arrives meanwhile
					t.Ahead, t.AheadStep = j.packed[(q+j.cols)*j.k+p*j.cols:], portions.Ceil(4*j.cols, tiles)
				}
			case copiesB:
				i := (q - r.col) / j.cols % packTogether
				if i == 0 {
					buf.b = portions.Grow(buf.b, packTogether*t.K*j.cols)
					j.packPanels(buf.b, q, min(q+packTogether*j.cols, r.colEnd), p, t.K)
				}
				t.B, t.LDB = buf.b[i*t.K*j.cols:], j.cols
				if !j.transB && i == packTogether-1 && q+j.cols < r.colEnd { // the next one: a row of it each step, its next line each tile
					t.Ahead, t.AheadStep, t.AheadTile = j.b[p*j.ldb+q+j.cols:], 4*j.ldb, 64-4*j.ldb*t.K
				}
			default:
				t.B, t.LDB = j.b[p*j.ldb+q:], j.ldb
			}
			next.fetch(&t, tiles)
			t.Run(j.level)
		}
	}
}

// ahead is a matrix that a piece will read next.
type ahead struct {
	from      []float32
	rows, row int // all, and the next one to fetch
	cols, ld  int
}

// nextA returns the part of a that is copied after the pass over a region from step p on. Copying what
// has arrived takes half the time. Parts of long rows that are a multiple of 2 KB apart do not stay in the
// second-level cache.
func (j *job) nextA(r *region, p int) ahead {
	row, step := r.row, p+j.cut.depth
	if step >= r.stepEnd {
		row, step = r.rowEnd, r.step
	}
	if row >= j.m || !j.copiesA(j.cut.depth, r.colEnd-r.col) || j.transA && j.lda%512 == 0 && j.lda > 512 {
		return ahead{}
	}
	next := ahead{from: j.a[at(j.transA, row, step, j.lda):], rows: min(r.rowEnd-r.row, j.m-row), cols: min(j.cut.depth, j.k-step), ld: j.lda}
	if j.transA {
		next.rows, next.cols = next.cols, next.rows
	}
	return next
}

// fetch lets a strip fetch a row with each tile.
func (n *ahead) fetch(t *tile.Strip, tiles int) {
	if n.row >= n.rows {
		return
	}
	t.Ahead, t.AheadStep = n.from[n.row*n.ld:], portions.Ceil(4*n.cols, t.K)
	t.AheadTile = 4*n.ld - t.AheadStep*t.K
	n.row += tiles
}

// readA says where a strip finds the rows of a region from step p on, in place or in a copy.
func (j *job) readA(t *tile.Strip, buf *copies, r *region, p int) {
	t.A, t.RowA, t.StepA = j.a[at(j.transA, r.row, p, j.lda):], j.lda, 1
	if j.transA {
		t.RowA, t.StepA = 1, j.lda
	}
	if !j.copiesA(t.K, r.colEnd-r.col) {
		return
	}
	pitch := t.K + copySkew
	buf.a = portions.Grow(buf.a, t.M*pitch)
	if j.transA {
		tile.Transpose(j.level, buf.a, pitch, t.A, j.lda, t.K, t.M)
	} else {
		for i := range t.M {
			copy(buf.a[i*pitch:i*pitch+t.K], t.A[i*j.lda:])
		}
	}
	t.A, t.RowA, t.StepA = buf.a, pitch, 1
}

// copySkew is added to the rows of a copy of a, so that the rows of a tile begin in different places of
// the first-level cache.
const copySkew = 16

// copiesA reports whether rows of a are copied for products with so many columns: its rows are a
// multiple of 4 KB apart, so that those of a tile compete for one set of the first-level cache, or it is
// transposed, so that each step of a tile reads another line. With few columns a copy costs more than that.
func (j *job) copiesA(steps, cols int) bool {
	if cols < 4*j.cols {
		return false
	}
	return j.transA && steps*j.lda > resident || !j.transA && j.lda%1024 == 0
}
