package onnx

import (
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// pad has its widths as an attribute before operator set 11, then as an operand. Negative ones cut.
func pad(c *call) {
	x := c.tensor(0)
	var list []int64
	if a, ok := c.attributes["pads"]; ok {
		list = a.Ints
	} else {
		list = c.list(1)
	}
	number := c.float("value", 0)
	if c.optional(2) != nil {
		number = c.tensor(2).scalar()
	}
	axes := []int64{}
	if c.optional(3) != nil {
		axes = c.list(3)
	} else {
		for i := range x.shape {
			axes = append(axes, int64(i))
		}
	}
	if len(list) != 2*len(axes) {
		fail("pads %v of %d axes", list, len(axes))
	}
	mode := c.text("mode", "constant")
	for i, a := range axes {
		before, after := bounded(list[i]), bounded(list[i+len(axes)])
		x = c.padded(x, x.axis(a), int(before), int(after), mode, number)
	}
	c.give(x)
}

// padded pads along one axis of memory.
func (c *call) padded(x *value, axis, before, after int, mode string, number float32) *value {
	n := x.shape[axis]
	lo, hi := max(-before, 0), n-max(-after, 0)
	if lo > hi {
		fail("pads %d and %d of %v", before, after, x.dims())
	}
	x = c.cut(x, axis, lo, hi)
	n, before, after = hi-lo, max(before, 0), max(after, 0)
	if before+after == 0 {
		return x
	}
	if mode == "constant" {
		if number == 0 {
			return like(x, c.emit(c.shapes.PadAxis(x.shape, axis, before, after),
				func() *autograd.Var { return autograd.PadAxis(x.v, axis, before, after) }))
		}
		shape := slices.Clone(x.shape)
		shape[axis] = before + n + after
		side := func(length int) *autograd.Var {
			s := slices.Clone(x.shape)
			s[axis] = length
			return constantVar(tensor.Full(number, s...))
		}
		return like(x, c.emit(shape, func() *autograd.Var {
			return autograd.Concat(axis, side(before), x.v, side(after))
		}))
	}
	if before+n+after > most || n == 0 {
		fail("pads %d and %d of %v", before, after, x.dims())
	}
	entries := make([]int, 0, before+n+after)
	for i := -before; i < n+after; i++ {
		switch mode {
		case "edge":
			entries = append(entries, min(max(i, 0), n-1))
		case "reflect":
			entries = append(entries, mirror(i, n))
		case "wrap":
			entries = append(entries, (i%n+n)%n)
		default:
			fail("mode %q", mode)
		}
	}
	return c.entries(x, axis, entries)
}

// mirror returns where i lies among n when the ends are mirrors.
func mirror(i, n int) int {
	if n == 1 {
		return 0
	}
	period := 2 * (n - 1)
	i = (i%period + period) % period
	return min(i, period-i)
}

// resize has scales as its operand 1 (Upsample, and before operator set 11) or 2, sizes as operand 3.
func resize(c *call) {
	x := c.image(c.tensor(0))
	at := 1
	if c.op == "Resize" && c.opset() >= 11 {
		at = 2
	}
	scale, size := [2]float64{}, [2]int{}
	whole := x.dims()
	if c.text("keep_aspect_ratio_policy", "stretch") != "stretch" {
		fail("keep_aspect_ratio_policy is not known")
	}
	if c.optional(3) != nil {
		list := inFull(c, c.list(3), []int64{int64(whole[0]), int64(whole[1]), int64(whole[2]), int64(whole[3])})
		if list[0] != int64(whole[0]) || list[1] != int64(whole[1]) {
			fail("sizes %v for %v", list, whole)
		}
		for i := range size {
			size[i] = int(bounded(list[i+2]))
			scale[i] = float64(size[i]) / float64(whole[i+2])
		}
	} else {
		list := inFull(c, c.scales(at), []float32{1, 1, 1, 1})
		if list[0] != 1 || list[1] != 1 || !(list[2] > 0 && list[3] > 0) {
			fail("scales %v", list)
		}
		for i := range size {
			scale[i] = float64(list[i+2])
			size[i] = int(math.Floor(float64(whole[i+2]) * min(scale[i], most)))
		}
	}
	if size[0] < 1 || size[1] < 1 || size[0] > most || size[1] > most {
		fail("to size %v", size)
	}
	c.give(c.resized(x, size, scale))
}

// inFull returns what a node says of the axes that it names, or of all four, and otherwise of the others.
func inFull[T any](c *call, list, otherwise []T) []T {
	a, ok := c.attributes["axes"]
	if !ok {
		if len(list) != len(otherwise) {
			fail("%v for four axes", list)
		}
		return list
	}
	if len(a.Ints) != len(list) {
		fail("%v for axes %v", list, a.Ints)
	}
	for i, axis := range a.Ints {
		if axis < 0 {
			axis += int64(len(otherwise))
		}
		if axis < 0 || axis >= int64(len(otherwise)) {
			fail("axes %v", a.Ints)
		}
		otherwise[axis] = list[i]
	}
	return otherwise
}

// scales returns the factors that an operand or an attribute gives.
func (c *call) scales(at int) []float32 {
	if a, ok := c.attributes["scales"]; ok {
		return a.Floats
	}
	if c.optional(at) == nil {
		fail("neither scales nor sizes")
	}
	return c.tensor(at).numbers()
}

// resized makes images of another size, between pixels in the ways of [tensor.Resize], of the nearest ones in all ways.
func (c *call) resized(x *value, size [2]int, scale [2]float64) *value {
	mode := c.text("mode", "nearest")
	how := "half_pixel"
	if c.op == "Upsample" || c.opset() < 11 {
		how = "asymmetric"
	}
	how = c.text("coordinate_transformation_mode", how)
	if c.int("antialias", 0) != 0 || c.int("exclude_outside", 0) != 0 {
		fail("antialias and exclude_outside are not known")
	}
	if mode == "nearest" {
		rounding := "round_prefer_floor"
		if c.op == "Upsample" || c.opset() < 11 {
			rounding = "floor"
		}
		rounding = c.text("nearest_mode", rounding)
		for i := range size {
			x = c.entries(x, i+1, nearest(x.shape[i+1], size[i], scale[i], how, rounding))
		}
		return x
	}
	by := tensor.Bilinear
	for i := range size {
		exact := float64(size[i]) == float64(x.shape[i+1])*scale[i]
		switch {
		case mode == "linear" && how == "align_corners" && exact:
			by = tensor.BilinearCorners
		case mode == "linear" && (how == "half_pixel" || how == "pytorch_half_pixel" && size[i] > 1) && exact:
		default:
			fail("mode %q with coordinates %q", mode, how)
		}
	}
	hw := tensor.HW{H: size[0], W: size[1]}
	return like(x, c.emit(c.shapes.Resize(x.shape, hw), func() *autograd.Var { return autograd.Resize(x.v, hw, by) }))
}

// nearest lists the pixels of n that those of out are copies of.
func nearest(n, out int, scale float64, how, rounding string) []int {
	entries := make([]int, out)
	for o := range entries {
		at := 0.0
		switch how {
		case "half_pixel":
			at = (float64(o)+0.5)/scale - 0.5
		case "pytorch_half_pixel":
			if out > 1 {
				at = (float64(o)+0.5)/scale - 0.5
			}
		case "asymmetric":
			at = float64(o) / scale
		case "align_corners":
			if out > 1 {
				at = float64(o) * float64(n-1) / float64(out-1)
			}
		case "half_pixel_symmetric":
			adjustment := float64(out) / (scale * float64(n))
			at = float64(n)/2*(1-adjustment) + (float64(o)+0.5)/scale - 0.5
		default:
			fail("coordinates %q", how)
		}
		switch rounding {
		case "floor":
			at = math.Floor(at)
		case "ceil":
			at = math.Ceil(at)
		case "round_prefer_floor":
			at = math.Ceil(at - 0.5)
		case "round_prefer_ceil":
			at = math.Floor(at + 0.5)
		default:
			fail("nearest_mode %q", rounding)
		}
		entries[o] = int(min(max(at, 0), float64(n-1)))
	}
	return entries
}
