package pool

import "github.com/residuum-go/residuum/internal/cpu"

//go:generate go -C ../_asm run ./pool

// table has the kernels of every level; levels without their own have the generic ones. A kernel goes through pixels
// whose windows have rows x cols elements, neither 0: the first window starts at element 0 of the source slices, its
// rows rowStride apart, and the next one srcStride later; pixels are written dstStride apart.
var table = levels(generic)

func active() *kernels { return &table[cpu.Active()] }

// everywhere is the table of a build without assembly.
func everywhere(generic kernels) (t [cpu.AVX512 + 1]kernels) {
	for l := range t {
		t[l] = generic
	}
	return t
}

// maxWindows computes y = the largest of each window and idx = its flat index, first being that of
// x[0].
func maxWindows(y []float32, idx []int32, x []float32, first,
	pixels, dstStride, srcStride, rows, cols, rowStride, channels int) {
	for p := range pixels {
		for c := range channels {
			at := p*srcStride + c
			best := at
			for r := range rows {
				for i := at + r*rowStride; i < at+r*rowStride+cols*channels; i += channels {
					if x[i] > x[best] || x[i] != x[i] && x[best] == x[best] {
						best = i
					}
				}
			}
			y[p*dstStride+c], idx[p*dstStride+c] = x[best], int32(first+best)
		}
	}
}

// avgWindows computes y = scale * the sum of each window of unit*x.
func avgWindows(y, x []float32, unit, scale float32,
	pixels, dstStride, srcStride, rows, cols, rowStride, channels int) {
	for p := range pixels {
		y := y[p*dstStride:][:channels]
		clear(y)
		for r := range rows {
			for col := range cols {
				for c, v := range x[p*srcStride+r*rowStride+col*channels:][:channels] {
					y[c] += unit * v
				}
			}
		}
		for c := range y {
			y[c] *= scale
		}
	}
}

// maxGradWindows computes dx = the sum over each window of the g whose idx is the flat index of dx,
// first being that of dx[0].
func maxGradWindows(dx, g []float32, idx []int32, first,
	pixels, dstStride, srcStride, rows, cols, rowStride, channels int) {
	for p := range pixels {
		for c := range channels {
			var sum float32
			for r := range rows {
				at := p*srcStride + r*rowStride + c
				for i := at; i < at+cols*channels; i += channels {
					if int(idx[i]) == first+p*dstStride+c {
						sum += g[i]
					}
				}
			}
			dx[p*dstStride+c] = sum
		}
	}
}
