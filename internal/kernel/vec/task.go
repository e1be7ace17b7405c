package vec

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// How many elements of work go to one worker at a time: enough that handing them over costs
// little, few enough that two workers share what a small batch has. Functions that compute more
// per element get fewer.
const (
	grain     = 32 << 10
	grainMath = 8 << 10
	grainExp  = 1 << 10 // one exponential in float64 or two, in Go
)

// task carries the arguments of one parallel loop. Tasks are pooled, so that a loop allocates nothing. Fields have the
// names of the public parameters.
type task struct {
	dst, a, b, x, y, g, residual, p, m, v []float32

	s       float32      // scalar operand
	c       int          // columns
	labels  []int        // a column of each row
	row     [6][]float32 // row vectors, one number per column, repeated
	scratch []float32    // backs row
	coef    []float32    // row vectors computed by the caller
	partial []float64    // sums of the chunks, combined in order at the end
	cut     cut          // how a reduction over rows is divided
	step    stepParams   // of the optimisers

	set    *kernels // the active level when the call began
	unary  func(dst, a []float32)
	scalar func(dst, a []float32, s float32)
	binary func(dst, a, b []float32)

	body func(t *task, lo, hi int)
}

var tasks portions.Pool[task]

func newTask() *task { return tasks.Get() }

// Run does a part of the loop at hand.
func (t *task) Run(lo, hi int) { t.body(t, lo, hi) }

// run executes body over [0, n) in parallel and gives the task back.
func (t *task) run(n, grain int, body func(t *task, lo, hi int)) {
	t.loop(n, grain, body)
	t.free()
}

// loop is run for callers that still need the task.
func (t *task) loop(n, grain int, body func(t *task, lo, hi int)) {
	t.body = body
	parallel.For(n, grain, t)
}

// free drops what the task refers to, so that the pool keeps no tensor alive, and pools the task.
func (t *task) free() {
	*t = task{scratch: t.scratch, coef: t.coef, partial: t.partial}
	tasks.Put(t)
}

// floats64 returns n zeros that belong to the task.
func (t *task) floats64(n int) []float64 {
	t.partial = portions.Grow(t.partial, n)
	clear(t.partial)
	return t.partial
}

func check2(op string, dst, a int) {
	if dst != a {
		panic(fmt.Sprintf("vec: %s: lengths %d and %d differ", op, dst, a))
	}
}

func check3(op string, dst, a, b int) {
	if dst != a || dst != b {
		panic(fmt.Sprintf("vec: %s: lengths %d, %d and %d differ", op, dst, a, b))
	}
}
