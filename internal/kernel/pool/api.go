package pool

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/vec"
)

// Max computes y = the largest element of each window and channel of x, and idx = its flat index in
// x, the first one of several. Padding never wins. A window that holds NaN becomes NaN.
func Max(s Shape, y []float32, idx []int32, x []float32) {
	s.check("Max", len(x), len(y))
	if len(idx) != len(y) {
		panic(fmt.Sprintf("pool: Max: %d outputs, %d indices", len(y), len(idx)))
	}
	newTask(s, y, x, idx, false).run(func(t *task, to, from int, r run, rows int) {
		c := t.s.C
		t.set.maxWindows(t.dst[to:], t.idx[to:], t.src[from:], from,
			r.count, r.dstStep*c, r.srcStep*c, rows, r.cols, t.from.w*c, c)
	})
}

// MaxGrad computes the gradient of [Max] with respect to its input: dx[idx[o]] sums g[o] in float32, of
// the few windows that cover an element; the rest of dx is 0. idx comes from Max with the same shape.
func MaxGrad(s Shape, dx, g []float32, idx []int32) {
	s.check("MaxGrad", len(dx), len(g))
	if len(idx) != len(g) {
		panic(fmt.Sprintf("pool: MaxGrad: %d outputs, %d indices", len(g), len(idx)))
	}
	newTask(s, dx, g, idx, true).run(func(t *task, to, from int, r run, rows int) {
		c := t.s.C
		t.set.maxGradWindows(t.dst[to:], t.src[from:], t.idx[from:], to,
			r.count, r.dstStep*c, r.srcStep*c, rows, r.cols, t.from.w*c, c)
	})
}

// MaxGather computes y[o] = x[idx[o]]: what [Max] did to its input, done to another one. It is the
// derivative of Max in the direction x.
func MaxGather(y, x []float32, idx []int32) {
	if len(idx) != len(y) {
		panic(fmt.Sprintf("pool: MaxGather: %d outputs, %d indices", len(y), len(idx)))
	}
	t := tasks.Get()
	t.dst, t.src, t.idx = y, x, idx
	t.loop(len(y), grain, func(t *task, lo, hi int) { MaxGatherRef(t.dst[lo:hi], t.src, t.idx[lo:hi]) })
}

// Avg computes y = sum of each window and channel of x, divided by SizeH*SizeW: padding counts as
// zeros, as in PyTorch unless told otherwise. Where the average is in the range of float32, so is all on the
// way to it.
func Avg(s Shape, y, x []float32) {
	s.check("Avg", len(x), len(y))
	newTask(s, y, x, nil, false).average()
}

// AvgGrad computes the gradient of [Avg] with respect to its input: dx sums g/(SizeH*SizeW) over the
// windows that cover an element.
func AvgGrad(s Shape, dx, g []float32) {
	s.check("AvgGrad", len(dx), len(g))
	newTask(s, dx, g, nil, true).average()
}

// average runs the kernel that multiplies the elements of a window by unit, a power of two, so that their sum
// cannot overflow, and then the sum by scale: by 1/(SizeH*SizeW) together. But for numbers near the smallest
// ones, whose last bits get lost, that changes no bit.
func (t *task) average() {
	n := float32(t.s.SizeH) * float32(t.s.SizeW) // the product of the ints may overflow
	t.unit = 1
	for t.unit*n > 1 {
		t.unit /= 2
	}
	t.scale = 1 / n / t.unit
	t.run(func(t *task, to, from int, r run, rows int) {
		c := t.s.C
		t.set.avgWindows(t.dst[to:], t.src[from:], t.unit, t.scale,
			r.count, r.dstStep*c, r.srcStep*c, rows, r.cols, t.from.w*c, c)
	})
}

// GlobalAvg computes y[n,c] = mean over p of x[n,p,c] for x [n, hw, c].
func GlobalAvg(y, x []float32, n, hw, c int) {
	checkGlobal("GlobalAvg", len(y), len(x), n, hw, c)
	vec.MeanGroups(y, x, n, hw, c)
}

// GlobalAvgGrad computes the gradient of [GlobalAvg] with respect to its input,
// dx[n,p,c] = g[n,c]/hw for dx [n, hw, c].
func GlobalAvgGrad(dx, g []float32, n, hw, c int) {
	checkGlobal("GlobalAvgGrad", len(g), len(dx), n, hw, c)
	t := tasks.Get()
	t.dst, t.src, t.s = dx, g, Shape{N: n, H: hw, C: c}
	t.loop(n, max(1, grain/max(1, hw*c)), func(t *task, lo, hi int) {
		hw, c := t.s.H, t.s.C
		for i := lo; i < hi; i++ {
			image := t.dst[i*hw*c : (i+1)*hw*c]
			vec.Scale(image[:c], t.src[i*c:(i+1)*c], 1/float32(hw))
			const near = 1 << 10 // elements that stay in the first-level cache while they are copied
			done := c
			for ; done < min(near, len(image)) && done > 0; done *= 2 {
				copy(image[done:], image[:done])
			}
			for from := min(done, len(image)); done < len(image); done += from {
				copy(image[done:], image[:from])
			}
		}
	})
}

func checkGlobal(op string, small, large, n, hw, c int) {
	if n < 0 || hw < 1 || c < 0 || small != n*c || large != n*hw*c {
		panic(fmt.Sprintf("pool: %s: [%d %d %d]: has %d and %d elements", op, n, hw, c, small, large))
	}
}
