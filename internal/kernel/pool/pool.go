package pool

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/portions"
)

// Shape is the geometry of a pooling. The input x is [N, H, W, C]; output pixel (h, w) covers the window of x with
// SizeH by SizeW pixels, DilationH and DilationW apart (0 means 1), whose first is (h*StrideH - PadH, w*StrideW - PadW);
// the output is [N, OutH(), OutW(), C]. x is padded by PadH and PadW at both ends, and by MoreH and MoreW more at the
// bottom and the right, which may be negative. Windows lie within the padded image; with Ceil there also is one where
// what is left is less than a window, unless it would begin in the padding at the end. Every window holds a pixel.
//
// Averages are over the pixels of a window that lie in the padded image, or with ExcludePad in x.
type Shape struct {
	N, H, W, C           int
	SizeH, SizeW         int
	StrideH, StrideW     int
	PadH, PadW           int
	MoreH, MoreW         int
	DilationH, DilationW int
	Ceil, ExcludePad     bool
}

// OutH returns the height of the output.
func (s Shape) OutH() int { a := s.rows(); return a.out() }

// OutW returns the width of the output.
func (s Shape) OutW() int { a := s.columns(); return a.out() }

// In returns the number of elements of the input.
func (s Shape) In() int { return s.N * s.H * s.W * s.C }

// Out returns the number of elements of the output.
func (s Shape) Out() int { return s.N * s.OutH() * s.OutW() * s.C }

// Fits reports whether a window fits in the padded image and each holds a pixel.
func (s Shape) Fits() bool {
	v, u := s.rows(), s.columns()
	return v.fits() && u.fits()
}

// check panics unless s is a pooling and the slices have the lengths of its input and output.
func (s Shape) check(op string, in, out int) {
	switch {
	case s.N < 0 || s.H < 1 || s.W < 1 || s.C < 1 || s.StrideH < 1 || s.StrideW < 1 || s.DilationH < 0 || s.DilationW < 0:
		panic(fmt.Sprintf("pool: %s: %+v: sizes must be positive", op, s))
	case !s.Fits():
		panic(fmt.Sprintf("pool: %s: %+v: the window is larger than the padded image, or one holds no pixel", op, s))
	case in != s.In() || out != s.Out():
		panic(fmt.Sprintf("pool: %s: %+v: needs %d and %d elements, has %d and %d", op, s, s.In(), s.Out(), in, out))
	case s.In() > 1<<31-1:
		panic(fmt.Sprintf("pool: %s: %+v: indices need more than 31 bits", op, s))
	}
}

// dilated reports whether the pixels of a window are not neighbours.
func (s Shape) dilated() bool { return max(s.DilationH, s.DilationW) > 1 }

// axis is what a Shape says of one of the two axes.
type axis struct {
	n, size, stride, pad, end, dilation int // end is the padding at the end
	ceil, excludePad                    bool
}

func (s Shape) rows() axis {
	return axis{s.H, s.SizeH, s.StrideH, s.PadH, s.PadH + s.MoreH, max(s.DilationH, 1), s.Ceil, s.ExcludePad}
}

func (s Shape) columns() axis {
	return axis{s.W, s.SizeW, s.StrideW, s.PadW, s.PadW + s.MoreW, max(s.DilationW, 1), s.Ceil, s.ExcludePad}
}

// reach returns how far a window reaches.
func (a *axis) reach() int { return (a.size-1)*a.dilation + 1 }

// out returns the number of windows.
func (a *axis) out() int {
	rest := a.n + a.pad + a.end - a.reach()
	out := rest/a.stride + 1
	if a.ceil && rest%a.stride > 0 && out*a.stride < a.n+a.pad {
		out++
	}
	return out
}

func (a *axis) fits() bool {
	if a.size < 1 || a.n+a.pad+a.end < a.reach() || min(a.pad, a.end) < 0 || max(a.pad, a.end) >= a.reach() {
		return false
	}
	if a.dilation == 1 {
		return true // a window is wider than the padding
	}
	for o := range a.out() {
		if lo, hi := a.window(o); lo >= hi {
			return false
		}
	}
	return true
}

// window returns the first pixel of [0, n) that output position o covers, and the end of them.
func (a *axis) window(o int) (lo, hi int) {
	first := o*a.stride - a.pad
	lo = first
	if lo < 0 {
		lo += portions.Ceil(-lo, a.dilation) * a.dilation
	}
	return lo, min(first+a.reach(), a.n)
}

// counted returns over how many pixels, of a window that is not dilated, the average at output position o is.
func (a *axis) counted(o int) int {
	if a.excludePad {
		lo, hi := a.window(o)
		return hi - lo
	}
	lo := o*a.stride - a.pad
	return min(lo+a.size, a.n+a.end) - lo
}

// uneven reports whether averages are over windows of different sizes: if any count less, so does the first or the last.
func (a *axis) uneven() bool { return a.counted(0) < a.size || a.counted(a.out()-1) < a.size }

// covering returns the output positions, of out many, whose windows cover input position i.
func (a *axis) covering(i, out int) (lo, hi int) {
	return max(0, portions.Ceil(i+a.pad-a.size+1, a.stride)), min((i+a.pad)/a.stride+1, out)
}
