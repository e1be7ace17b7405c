package vec

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/cpu"
)

// The functions of this file combine a matrix with vectors that hold one number per column. Narrow
// rows would leave most of a call idle, so the vectors are repeated until they cover several rows,
// and the matrix is taken as one long vector against their period.

// period is about how many elements of a row vector a kernel should see: long enough to hide the
// cost of a row, short enough that six vectors stay in the first-level cache.
const period = 512

// repeatRows is [task.repeat] for kernels that hold up to three row vectors in registers, where these divide what
// fits there.
func (t *task) repeatRows(vectors ...[]float32) {
	c, period := len(vectors[0]), period
	if held := heldPeriod[cpu.Active()]; c > 0 && c <= held && held%c == 0 && t.set == active() {
		period = held
	}
	t.repeat(len(t.x), period, vectors...)
}

// heldPeriod is the period of row vectors that kernels hold in registers, four vectors of each.
var heldPeriod = [cpu.AVX512 + 1]int{cpu.AVX2: 32, cpu.AVX512: 64}

// AddRow computes dst[r,c] = x[r,c] + row[c] for x [rows, len(row)].
func AddRow(dst, x, row []float32) {
	checkRows("AddRow", len(row), len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.set = dst, x, kernelsFor(dst, x)
	t.repeatRows(row)
	t.runRows(func(t *task, lo, hi int) { t.set.addRow(t.dst[lo:hi], t.x[lo:hi], t.row[0]) })
}

// AddRowReLU computes dst[r,c] = relu(x[r,c] + row[c]) for x [rows, len(row)]: a bias and its activation.
func AddRowReLU(dst, x, row []float32) {
	checkRows("AddRowReLU", len(row), len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.set = dst, x, kernelsFor(dst, x)
	t.repeatRows(row)
	t.runRows(func(t *task, lo, hi int) { t.set.addRowReLU(t.dst[lo:hi], t.x[lo:hi], t.row[0]) })
}

// MulRow computes dst[r,c] = x[r,c] * row[c] for x [rows, len(row)].
func MulRow(dst, x, row []float32) {
	checkRows("MulRow", len(row), len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.set = dst, x, kernelsFor(dst, x)
	t.repeatRows(row)
	t.runRows(func(t *task, lo, hi int) { t.set.mulRow(t.dst[lo:hi], t.x[lo:hi], t.row[0]) })
}

// ScaleShiftRows computes dst[r,c] = (x[r,c] - center[c])*scale[c] + shift[c] for x [rows, len(scale)], then
// [ReLU] if relu: batch normalisation with known statistics. The center is taken off first because
// x*scale + shift would lose the digits of a column whose mean is far larger than its spread. Whether the
// product is rounded depends on the level.
func ScaleShiftRows(dst, x, center, scale, shift []float32, relu bool) {
	checkColumns("ScaleShiftRows", len(scale), len(x), len(center), len(shift))
	check2("ScaleShiftRows", len(dst), len(x))
	t := newTask()
	t.dst, t.x, t.set = dst, x, kernelsFor(dst, x)
	t.repeatRows(center, scale, shift)
	if relu {
		t.runRows(func(t *task, lo, hi int) {
			t.set.scaleShiftReLU(t.dst[lo:hi], t.x[lo:hi], t.row[0], t.row[1], t.row[2])
		})
	} else {
		t.runRows(func(t *task, lo, hi int) {
			t.set.scaleShift(t.dst[lo:hi], t.x[lo:hi], t.row[0], t.row[1], t.row[2])
		})
	}
}

// ScaleShiftAddRows computes dst[r,c] = (x[r,c] - center[c])*scale[c] + shift[c] + residual[r,c], then [ReLU] if
// relu: the end of a residual block in one pass.
func ScaleShiftAddRows(dst, x, center, scale, shift, residual []float32, relu bool) {
	checkColumns("ScaleShiftAddRows", len(scale), len(x), len(center), len(shift))
	check3("ScaleShiftAddRows", len(dst), len(x), len(residual))
	t := newTask()
	t.dst, t.x, t.residual, t.set = dst, x, residual, kernelsFor(dst, x, residual)
	t.repeatRows(center, scale, shift)
	if relu {
		t.runRows(func(t *task, lo, hi int) {
			t.set.scaleShiftAddReLU(t.dst[lo:hi], t.x[lo:hi], t.residual[lo:hi], t.row[0], t.row[1], t.row[2])
		})
	} else {
		t.runRows(func(t *task, lo, hi int) {
			t.set.scaleShiftAdd(t.dst[lo:hi], t.x[lo:hi], t.residual[lo:hi], t.row[0], t.row[1], t.row[2])
		})
	}
}

// repeat sets t.row to the vectors, each repeated to about one period of so many elements, or fewer times where n
// elements need fewer. Vectors that are long enough are used in place.
func (t *task) repeat(n, period int, vectors ...[]float32) {
	c := len(vectors[0])
	times := repeats(c, n, period)
	if times <= 1 {
		copy(t.row[:], vectors)
		return
	}
	t.scratch = t.scratch[:0]
	for _, v := range vectors {
		for range times {
			t.scratch = append(t.scratch, v...)
		}
	}
	for i := range vectors {
		t.row[i] = t.scratch[i*c*times : (i+1)*c*times]
	}
}

// repeats returns how many of the rows of c columns in n elements make a period: as many as fit,
// but a whole number of vector registers where that is possible.
func repeats(c, n, period int) int {
	if c == 0 || 2*c > period {
		return 1
	}
	const lanes = 16
	times := period / c
	whole := lanes / min(lanes, c&-c) // this many rows are a multiple of lanes
	times -= times % min(whole, times)
	return max(1, min(times, n/c))
}

// runRows executes body over the elements of x in parallel, in chunks of whole periods, and gives
// the task back.
func (t *task) runRows(body func(t *task, lo, hi int)) {
	p := max(1, len(t.row[0]))
	t.run(len(t.x), p*max(1, grain/p), body)
}

func checkRows(op string, c, dst, x int) {
	if dst != x || c == 0 && x != 0 || c != 0 && x%c != 0 {
		panic(fmt.Sprintf("vec: %s: lengths %d and %d with %d columns", op, dst, x, c))
	}
}
