package pool

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/portions"
)

// Max computes y = the largest element of each window and channel of x, and idx = its flat index in
// x, the first one of several. Padding never wins. A window that holds NaN becomes NaN.
func Max(s Shape, y []float32, idx []int32, x []float32) {
	s.check("Max", len(x), len(y))
	if len(idx) != len(y) {
		panic(fmt.Sprintf("pool: Max: %d outputs, %d indices", len(y), len(idx)))
	}
	if s.dilated() {
		byImages(s, y, x, idx, maxImages)
		return
	}
	newTask(s, y, x, idx, false).run(func(t *task, to, from int, r run, h, rows int) {
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
	if s.dilated() {
		byImages(s, dx, g, idx, maxGradImages)
		return
	}
	newTask(s, dx, g, idx, true).run(func(t *task, to, from int, r run, h, rows int) {
		c := t.s.C
		t.set.maxGradWindows(t.dst[to:], t.src[from:], t.idx[from:], to,
			r.count, r.dstStep*c, r.srcStep*c, rows, r.cols, t.from.w*c, c)
	})
}

// byImages has body compute images of a dilated pooling in parallel. They are rare, and plain Go.
func byImages(s Shape, dst, src []float32, idx []int32, body func(t *task, lo, hi int)) {
	t := tasks.Get()
	t.s, t.dst, t.src, t.idx = s, dst, src, idx
	t.loop(s.N, 1, body)
}

func maxImages(t *task, lo, hi int) {
	in, out := t.s.In()/t.s.N, t.s.Out()/t.s.N
	one := t.s
	one.N = 1
	for n := lo; n < hi; n++ {
		idx := t.idx[n*out : (n+1)*out]
		MaxRef(one, t.dst[n*out:(n+1)*out], idx, t.src[n*in:(n+1)*in])
		for o := range idx {
			idx[o] += int32(n * in)
		}
	}
}

func maxGradImages(t *task, lo, hi int) {
	in, out := t.s.In()/t.s.N, t.s.Out()/t.s.N
	clear(t.dst[lo*in : hi*in])
	for o := lo * out; o < hi*out; o++ {
		t.dst[t.idx[o]] += t.src[o]
	}
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

// Avg computes y = sum of each window and channel of x, divided by the number of pixels that count: those of the
// padded image, where padding is zeros, as in PyTorch unless told otherwise, or with ExcludePad those of x. Windows are
// not dilated. Where the average is in the range of float32, so is all on the way to it.
func Avg(s Shape, y, x []float32) {
	s.check("Avg", len(x), len(y))
	newTask(s, y, x, nil, false).average()
}

// AvgGrad computes the gradient of [Avg] with respect to its input: dx sums, over the windows that cover an
// element, g divided by what they count.
func AvgGrad(s Shape, dx, g []float32) {
	s.check("AvgGrad", len(dx), len(g))
	newTask(s, dx, g, nil, true).average()
}

// divide divides the gradients of averages by what these counted.
func (t *task) divide() {
	t.scaled = portions.Grow(t.scaled, len(t.src))
	h, w, c := t.from.h, t.from.w, t.s.C
	for p := range t.s.N * h * w {
		n := float32(t.v.counted(p/w%h)) * float32(t.u.counted(p%w))
		vec.Scale(t.scaled[p*c:(p+1)*c], t.src[p*c:(p+1)*c], 1/n)
	}
	t.src = t.scaled
}

// average runs the kernel that multiplies the elements of a window by unit, a power of two, so that their sum
// cannot overflow, and then the sum by what is left of one divided by the number that counts. But for numbers near the
// smallest ones, whose last bits get lost, that changes no bit. Where windows count different numbers, each forward has
// a factor of its own, and backward, where a pixel is in several, the gradients are divided before.
func (t *task) average() {
	n := float32(t.s.SizeH) * float32(t.s.SizeW) // the product of the ints may overflow
	t.unit = 1
	for t.unit*n > 1 {
		t.unit /= 2
	}
	t.scale = 1 / n / t.unit
	switch uneven := t.v.uneven() || t.u.uneven(); {
	case uneven && t.backward:
		t.divide()
		t.scale = 1 / t.unit
	case uneven:
		t.ownScales = true
	}
	t.run(func(t *task, to, from int, r run, h, rows int) {
		c, scale := t.s.C, t.scale
		if t.ownScales {
			scale = 1 / (float32(t.v.counted(h)) * float32(r.counted)) / t.unit
		}
		t.set.avgWindows(t.dst[to:], t.src[from:], t.unit, scale,
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
