package pool

import (
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// task is one call: a loop over the rows of the destination image, each cut into runs of pixels
// whose windows have the same number of columns. Forward, the destination is the output and a
// window is what a pixel covers; backward, the destination is the input's gradient and a window is
// the outputs that cover a pixel, so that every pixel is written once, by one worker.
//
// Tasks are pooled, so that a call allocates nothing.
type task struct {
	dst, src []float32
	idx      []int32
	s        Shape
	v, u     axis // its rows and columns
	to, from image
	backward bool
	runs     []run
	set      *kernels
	kernel   func(t *task, to, from int, r run, h, rows int)
	body     func(t *task, lo, hi int)

	unit, scale float32   // of averages
	ownScales   bool      // a window has a scale of its own
	scaled      []float32 // gradients divided by what their averages counted
}

// image is the size of one image of the source or the destination.
type image struct{ h, w int }

// run is a sequence of pixels of a destination row: count of them from pixel dst on, dstStep apart.
// The first one's window starts at column src, and the next ones' each srcStep later. Forward, an average counts
// counted columns.
type run struct{ dst, dstStep, src, srcStep, count, cols, counted int }

// grain is about how many destination elements go to one worker at a time.
const grain = 16 << 10

var tasks portions.Pool[task]

// newTask returns a task for dst and src, the output and the input or, backward, the input's
// gradient and the output's.
func newTask(s Shape, dst, src []float32, idx []int32, backward bool) *task {
	t := tasks.Get()
	t.s, t.dst, t.src, t.idx, t.backward, t.set = s, dst, src, idx, backward, active()
	t.v, t.u = s.rows(), s.columns()
	t.to, t.from = image{s.OutH(), s.OutW()}, image{s.H, s.W}
	if backward {
		t.to, t.from = t.from, t.to
	}
	t.findRuns()
	return t
}

// run executes kernel, whose positions are those of the first channel of the run's first pixel, in row h of the
// destination, and of its window, for all pixels in parallel, and gives the task back.
func (t *task) run(kernel func(t *task, to, from int, r run, h, rows int)) {
	t.kernel = kernel
	t.loop(t.s.N*t.to.h, max(1, grain/(t.to.w*t.s.C)), (*task).rows)
}

// Run does a part of the loop at hand.
func (t *task) Run(lo, hi int) { t.body(t, lo, hi) }

// loop executes body over [0, n) in parallel and gives the task back.
func (t *task) loop(n, grain int, body func(t *task, lo, hi int)) {
	t.body = body
	parallel.For(n, grain, t)
	*t = task{runs: t.runs, scaled: t.scaled}
	tasks.Put(t)
}

// columns returns the columns of the source in the window of destination column w.
func (t *task) columns(w int) (lo, hi int) {
	if t.backward {
		return t.u.covering(w, t.from.w)
	}
	return t.u.window(w)
}

// lines returns the rows of the source in the window of destination row h.
func (t *task) lines(h int) (lo, hi int) {
	if t.backward {
		return t.v.covering(h, t.from.h)
	}
	return t.v.window(h)
}

// counted returns how many columns the average at destination column w counts.
func (t *task) counted(w int) int {
	if t.backward {
		return 0
	}
	return t.u.counted(w)
}

func (t *task) findRuns() {
	t.runs = t.runs[:0]
	dstStep, srcStep := 1, t.s.StrideW
	if t.backward {
		dstStep, srcStep = srcStep, dstStep
	}
	for phase := range min(dstStep, t.to.w) {
		for w := phase; w < t.to.w; {
			lo, hi := t.columns(w)
			r := run{dst: w, dstStep: dstStep, src: lo, srcStep: srcStep, cols: max(hi-lo, 0), counted: t.counted(w)}
			for ; w < t.to.w; w += dstStep {
				a, b := t.columns(w)
				if at := r.src + r.count*srcStep; max(b-a, 0) != r.cols || r.cols > 0 && a != at || t.counted(w) != r.counted {
					break
				}
				r.count++
			}
			t.runs = append(t.runs, r)
		}
	}
}

// rows computes destination rows lo to hi-1 of all images, counted through.
func (t *task) rows(lo, hi int) {
	c := t.s.C
	for i := lo; i < hi; i++ {
		n, h := i/t.to.h, i%t.to.h
		first, last := t.lines(h)
		for _, r := range t.runs {
			to := (i*t.to.w + r.dst) * c
			if r.cols == 0 || last <= first {
				t.zero(to, r)
				continue
			}
			t.kernel(t, to, ((n*t.from.h+first)*t.from.w+r.src)*c, r, h, last-first)
		}
	}
}

// zero clears pixels that no window covers.
func (t *task) zero(to int, r run) {
	for p := range r.count {
		clear(t.dst[to+p*r.dstStep*t.s.C:][:t.s.C])
	}
}
