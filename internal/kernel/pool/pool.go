package pool

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/work"
)

// Shape is the geometry of a pooling. The input x is [N, H, W, C]; output pixel (h, w) covers the
// SizeH by SizeW window of x whose first corner is (h*StrideH - PadH, w*StrideW - PadW); the output
// is [N, OutH(), OutW(), C]. Windows lie within the padded image. Padding is narrower than the
// window, so that every window holds a pixel.
type Shape struct {
	N, H, W, C       int
	SizeH, SizeW     int
	StrideH, StrideW int
	PadH, PadW       int
}

// OutH returns the height of the output.
func (s Shape) OutH() int { return (s.H+2*s.PadH-s.SizeH)/s.StrideH + 1 }

// OutW returns the width of the output.
func (s Shape) OutW() int { return (s.W+2*s.PadW-s.SizeW)/s.StrideW + 1 }

// In returns the number of elements of the input.
func (s Shape) In() int { return s.N * s.H * s.W * s.C }

// Out returns the number of elements of the output.
func (s Shape) Out() int { return s.N * s.OutH() * s.OutW() * s.C }

// check panics unless s is a pooling and the slices have the lengths of its input and output.
func (s Shape) check(op string, in, out int) {
	switch {
	case s.N < 0 || s.H < 1 || s.W < 1 || s.C < 1 || s.StrideH < 1 || s.StrideW < 1:
		panic(fmt.Sprintf("pool: %s: %+v: sizes must be positive", op, s))
	case s.PadH < 0 || s.PadW < 0 || s.PadH >= s.SizeH || s.PadW >= s.SizeW:
		panic(fmt.Sprintf("pool: %s: %+v: padding must be narrower than the window", op, s))
	case s.H+2*s.PadH < s.SizeH || s.W+2*s.PadW < s.SizeW:
		panic(fmt.Sprintf("pool: %s: %+v: the window is larger than the padded image", op, s))
	case in != s.In() || out != s.Out():
		panic(fmt.Sprintf("pool: %s: %+v: needs %d and %d elements, has %d and %d", op, s, s.In(), s.Out(), in, out))
	case s.In() > 1<<31-1:
		panic(fmt.Sprintf("pool: %s: %+v: indices need more than 31 bits", op, s))
	}
}

// window returns the part of [0, n) that output position o covers.
func window(o, size, stride, pad, n int) (lo, hi int) {
	lo = o*stride - pad
	return max(lo, 0), min(lo+size, n)
}

// covering returns the output positions, of out many, whose windows cover input position i.
func covering(i, size, stride, pad, out int) (lo, hi int) {
	return max(0, work.Ceil(i+pad-size+1, stride)), min((i+pad)/stride+1, out)
}
