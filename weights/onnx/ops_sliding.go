package onnx

import (
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// window is how a kernel goes over images.
type window struct{ size, stride, dilation, pad, more tensor.HW }

// spatial returns operand 0 as images, a line as one of height 1, and how many of its axes a window goes over.
func (c *call) spatial() (x *value, axes int) {
	x = c.tensor(0)
	switch s := x.dims(); len(s) {
	case 3:
		return c.image(c.reshape(x, s[0], s[1], 1, s[2])), 1
	case 4:
		return c.image(x), 2
	default:
		fail("%v: want three axes or four", s)
	}
	return nil, 0
}

// giveSpatial is the result, images, of a node whose operand had so many axes for windows.
func (c *call) giveSpatial(y *value, axes int) {
	y = like(&value{nhwc: true}, y)
	if axes == 1 {
		p := c.plain(y)
		y = c.reshape(p, p.shape[0], p.shape[1], p.shape[3])
	}
	c.give(y)
}

// window reads the attributes of a kernel of the given size over images x.
func (c *call) window(x *value, size tensor.HW, axes int) window {
	w := window{size: size, stride: tensor.Both(1), dilation: tensor.Both(1)}
	strides, dilations := c.ints("strides", axes, 1), c.ints("dilations", axes, 1)
	pads := c.ints("pads", 2*axes, 0)
	begin, end := make([]int, axes), make([]int, axes)
	for i := range axes {
		if strides[i] < 1 || dilations[i] < 1 || pads[i] < 0 || pads[axes+i] < 0 || size.H < 1 || size.W < 1 {
			fail("window %v, strides %v, dilations %v, pads %v", size, strides, dilations, pads)
		}
		n, k := x.shape[3-axes+i], []int{size.H, size.W}[2-axes+i]
		if int64(k)*int64(dilations[i])+int64(pads[i])+int64(pads[axes+i])+int64(n) > maxLength {
			fail("window %v, dilations %v, pads %v of %v", size, dilations, pads, x.dims())
		}
		begin[i], end[i] = pads[i], pads[axes+i]
		switch auto := c.text("auto_pad", "NOTSET"); auto {
		case "NOTSET":
		case "VALID":
			begin[i], end[i] = 0, 0
		case "SAME_UPPER", "SAME_LOWER":
			out := (n + strides[i] - 1) / strides[i]
			total := max((out-1)*strides[i]+(k-1)*dilations[i]+1-n, 0)
			begin[i] = total / 2
			if auto == "SAME_LOWER" {
				begin[i] = total - total/2
			}
			end[i] = total - begin[i]
		default:
			fail("auto_pad %q", auto)
		}
	}
	last := axes - 1
	w.stride.W, w.dilation.W, w.pad.W, w.more.W = strides[last], dilations[last], begin[last], end[last]-begin[last]
	if axes == 2 {
		w.stride.H, w.dilation.H, w.pad.H, w.more.H = strides[0], dilations[0], begin[0], end[0]-begin[0]
	}
	return w
}

// kernel reads kernel_shape for pooling.
func (c *call) kernel(axes int) tensor.HW {
	k := c.ints("kernel_shape", axes, 0)
	if axes == 1 {
		return tensor.HW{H: 1, W: k[0]}
	}
	return tensor.HW{H: k[0], W: k[1]}
}

func conv(c *call) {
	x, axes := c.spatial()
	w := c.optional(1)
	switch {
	case w == nil || w.integers() || len(w.shape) != axes+2:
		fail("a kernel that does not fit %v", x.dims())
	case axes == 1:
		s := w.shape
		w = c.transpose(c.reshape(w, s[0], s[1], 1, s[2]), 2, 3, 1, 0)
	case !w.hwio:
		w = c.transpose(c.plain(w), 2, 3, 1, 0)
	}
	in := c.window(x, tensor.HW{H: w.shape[0], W: w.shape[1]}, axes)
	spec := tensor.ConvSpec{Stride: in.stride, Pad: in.pad, Dilation: in.dilation, MoreAtEnd: in.more,
		Groups: int(c.int("group", 1))}
	if spec.Groups < 1 {
		fail("group %d", spec.Groups)
	}
	y := c.emit(c.shapes.Conv2D(x.shape, w.shape, spec), func() *autograd.Var { return autograd.Conv2D(x.v, w.v, spec) })
	if c.optional(2) != nil {
		bias := c.tensor(2)
		if len(bias.shape) != 1 || bias.shape[0] != w.shape[3] {
			fail("bias %v for %d channels", bias.shape, w.shape[3])
		}
		sum := y
		y = c.emit(sum.shape, func() *autograd.Var { return autograd.Add(sum.v, bias.v) })
	}
	c.giveSpatial(y, axes)
}

// pool reads the spec of a pooling.
func (c *call) pool(x *value, axes int) tensor.PoolSpec {
	w := c.window(x, c.kernel(axes), axes)
	return tensor.PoolSpec{Size: w.size, Stride: w.stride, Pad: w.pad, Dilation: w.dilation, MoreAtEnd: w.more,
		Ceil: c.int("ceil_mode", 0) != 0}
}

// mostWindows bounds the pixels in all windows of a pooling, for one image: a few seconds of work, which a file of some
// bytes could ask for without end by windows as large as the image at every pixel.
const mostWindows = 1 << 32

// pooled returns the shape of a pooling.
func (c *call) pooled(x *value, spec tensor.PoolSpec) []int {
	shape := c.shapes.Pool(c.op, x.shape, spec)
	window := int64(min(spec.Size.H, x.shape[1])) * int64(min(spec.Size.W, x.shape[2]))
	if n := size(shape[1:]); n > mostWindows/max(window, 1) {
		fail("%d windows of %v for an image: at most %d pixels in all", n, spec.Size, int64(mostWindows))
	}
	return shape
}

func maxPool(c *call) {
	x, axes := c.spatial()
	spec := c.pool(x, axes)
	c.giveSpatial(c.emit(c.pooled(x, spec),
		func() *autograd.Var { return autograd.MaxPool2D(x.v, spec) }), axes)
}

func averagePool(c *call) {
	x, axes := c.spatial()
	spec := c.pool(x, axes)
	if spec.Dilation != tensor.Both(1) {
		fail("dilations %v", spec.Dilation)
	}
	spec.Dilation = tensor.HW{}
	spec.ExcludePad = c.int("count_include_pad", 0) == 0
	c.giveSpatial(c.emit(c.pooled(x, spec),
		func() *autograd.Var { return autograd.AvgPool2D(x.v, spec) }), axes)
}

func globalAveragePool(c *call) {
	x, axes := c.spatial()
	pooled := c.emit(c.shapes.GlobalAvgPool(x.shape), func() *autograd.Var { return autograd.GlobalAvgPool(x.v) })
	c.giveSpatial(c.reshape(pooled, x.shape[0], 1, 1, x.shape[3]), axes)
}

func globalMaxPool(c *call) {
	x, axes := c.spatial()
	c.giveSpatial(c.emit(c.shapes.ReduceKeep("GlobalMaxPool", x.shape, 1, 2),
		func() *autograd.Var { return autograd.MaxKeep(x.v, 1, 2) }), axes)
}

func batchNorm(c *call) {
	x := c.tensor(0)
	if len(x.shape) < 2 {
		fail("%v: no channels", x.shape)
	}
	if c.int("training_mode", 0) != 0 || len(c.out) > 1 {
		fail("a norm in training mode")
	}
	if len(x.dims()) == 4 {
		x = c.image(x)
	}
	channels := x.dims()[1]
	var p [4]*value
	for i := range p {
		if p[i] = c.tensor(i + 1); !slices.Equal(p[i].shape, []int{channels}) {
			fail("operand %d: %v for %d channels", i+1, p[i].shape, channels)
		}
	}
	if x.nhwc {
		c.give(like(x, c.emit(x.shape, func() *autograd.Var { return c.normed(x, p) })))
		return
	}
	back := make([]int, len(x.shape)) // channels go behind, and return
	for i := range back {
		back[i] = i
	}
	front := append(slices.Delete(slices.Clone(back), 1, 2), 1)
	back = append([]int{0, len(back) - 1}, back[1:len(back)-1]...)
	t := c.transpose(x, front...)
	c.give(c.transpose(c.emit(t.shape, func() *autograd.Var { return c.normed(t, p) }), back...))
}

// normed normalises x by the statistics that the file gives. What the file computes them of is no module, and then neither
// is the norm: it is a product and a sum.
func (c *call) normed(x *value, p [4]*value) *autograd.Var {
	eps := c.float("epsilon", 1e-5)
	switch {
	case c.norm == nil:
		scale := autograd.Div(p[0].v, autograd.Sqrt(autograd.AddScalar(p[3].v, eps)))
		return autograd.Add(autograd.Mul(x.v, scale), autograd.Sub(p[1].v, autograd.Mul(p[2].v, scale)))
	case len(x.shape) == 4:
		return c.norm.Forward(x.v)
	}
	y, _, _ := autograd.BatchNorm(autograd.Norm{X: x.v, Gamma: p[0].v, Beta: p[1].v, Eps: eps,
		Mean: p[2].v.Value(), Variance: p[3].v.Value()}, autograd.Then{})
	return y
}

// localResponse is LRN: x / (bias + alpha/size * sum of squares over channels)^beta. Krizhevsky et al. 2012, section
// 3.3.
func localResponse(c *call) {
	x := c.image(c.tensor(0))
	size := int(c.int("size", 0))
	if size < 1 || size > maxLength/2 {
		fail("size %d", size)
	}
	s := x.shape
	spec := tensor.PoolSpec{Size: tensor.HW{H: 1, W: size}, Stride: tensor.Both(1)}
	spec.Pad.W = (size - 1) / 2
	spec.MoreAtEnd.W = size - 1 - 2*spec.Pad.W
	square := c.emit(s, func() *autograd.Var { return autograd.Square(x.v) })
	line := c.reshape(square, s[0], s[1]*s[2], s[3], 1)
	mean := c.emit(c.shapes.Pool("LRN", line.shape, spec),
		func() *autograd.Var { return autograd.AvgPool2D(line.v, spec) })
	mean = c.reshape(mean, s...)
	alpha, beta, bias := c.float("alpha", 1e-4), c.float("beta", 0.75), c.float("bias", 1)
	c.give(like(x, c.emit(s, func() *autograd.Var {
		power := autograd.Log(autograd.AddScalar(autograd.Scale(mean.v, alpha), bias))
		return autograd.Mul(x.v, autograd.Exp(autograd.Scale(power, -beta)))
	})))
}
