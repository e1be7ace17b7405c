package conv

import "fmt"

// Shape describes a convolution: images x [N, H, W, C], weights w [R, S, C/Groups, K], outputs
// y [N, OutH, OutW, K]. Strides, dilations and Groups are at least 1; Groups divides C and K.
type Shape struct {
	N, H, W, C, K, R, S  int
	StrideH, StrideW     int
	PadH, PadW           int
	MoreH, MoreW         int // padding at the bottom and right beyond PadH and PadW, at least -PadH and -PadW
	DilationH, DilationW int
	Groups               int
}

// OutH returns the height of the output, ⌊(H + 2 PadH + MoreH - DilationH (R-1) - 1) / StrideH⌋ + 1, and
// 0 when the dilated kernel is higher than the padded image.
func (s Shape) OutH() int { return out(s.H+2*s.PadH+s.MoreH, s.R, s.StrideH, s.DilationH) }

// OutW returns the width of the output, as [Shape.OutH] does the height.
func (s Shape) OutW() int { return out(s.W+2*s.PadW+s.MoreW, s.S, s.StrideW, s.DilationW) }

func out(padded, kernel, stride, dilation int) int {
	last := padded - 1
	if last < 0 || kernel-1 > last/dilation { // not dilation*(kernel-1) > last, which may overflow
		return 0
	}
	return (last-dilation*(kernel-1))/stride + 1
}

// weights returns how many there are.
func (s Shape) weights() int { return s.R * s.S * (s.C / s.Groups) * s.K }

// check panics unless the slices hold what s says.
func (s Shape) check(op string, x, w, y int) {
	if min(s.N, s.H, s.W, s.C, s.K, s.R, s.S, s.PadH, s.PadW, s.PadH+s.MoreH, s.PadW+s.MoreW) < 0 ||
		min(s.StrideH, s.StrideW, s.DilationH, s.DilationW, s.Groups) < 1 {
		panic(fmt.Sprintf("conv: %s: %+v: negative size, or stride, dilation or groups below 1", op, s))
	}
	if s.C%s.Groups != 0 || s.K%s.Groups != 0 {
		panic(fmt.Sprintf("conv: %s: %d groups do not divide %d and %d channels", op, s.Groups, s.C, s.K))
	}
	for _, v := range [...]struct {
		name      string
		got, want int
	}{
		{"x", x, s.N * s.H * s.W * s.C},
		{"w", w, s.weights()},
		{"y", y, s.N * s.OutH() * s.OutW() * s.K},
	} {
		if v.got != v.want {
			panic(fmt.Sprintf("conv: %s: %s has %d elements, want %d for %+v", op, v.name, v.got, v.want, s))
		}
	}
}
