package main

import (
	"fmt"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/tensor"
)

func init() {
	for _, pass := range convPasses {
		ops["conv "+pass] = func(c *worker.Case) worker.Ready { return prepareConv(c, pass) }
	}
}

var convPasses = []string{"forward", "input-grad", "weight-grad"}

// layer is a convolution with square filters and images, padded to keep the image but for its stride. The channels are in
// so many groups, 0 for one.
type layer struct{ filter, in, out, side, stride, groups int }

// cifarLayers are the distinct convolutions of ResNet-20 to -110 on 32x32 images, imageNetLayers those
// of ResNet-18 and -50 on 224x224.
var (
	cifarLayers = []layer{
		{3, 3, 16, 32, 1, 0}, {3, 16, 16, 32, 1, 0}, {3, 16, 32, 32, 2, 0}, {3, 32, 32, 16, 1, 0}, {3, 32, 64, 16, 2, 0}, {3, 64, 64, 8, 1, 0},
	}
	imageNetLayers = []layer{
		{7, 3, 64, 224, 2, 0},
		{3, 64, 64, 56, 1, 0}, {3, 64, 128, 56, 2, 0}, {3, 128, 128, 28, 1, 0}, {3, 128, 128, 56, 2, 0}, {3, 128, 256, 28, 2, 0}, {3, 256, 256, 14, 1, 0},
		{3, 256, 256, 28, 2, 0}, {3, 256, 512, 14, 2, 0}, {3, 512, 512, 7, 1, 0}, {3, 512, 512, 14, 2, 0},
		{1, 64, 64, 56, 1, 0}, {1, 64, 256, 56, 1, 0}, {1, 256, 64, 56, 1, 0}, {1, 256, 128, 56, 1, 0}, {1, 64, 128, 56, 2, 0}, {1, 128, 256, 28, 2, 0},
		{1, 256, 512, 14, 2, 0}, {1, 256, 512, 56, 2, 0}, {1, 128, 512, 28, 1, 0}, {1, 512, 128, 28, 1, 0}, {1, 512, 256, 28, 1, 0}, {1, 512, 1024, 28, 2, 0},
		{1, 256, 1024, 14, 1, 0}, {1, 1024, 256, 14, 1, 0}, {1, 1024, 512, 14, 1, 0}, {1, 1024, 2048, 14, 2, 0}, {1, 512, 2048, 7, 1, 0}, {1, 2048, 512, 7, 1, 0},
	}
)

// outSide is the height and width of the output.
func (l layer) outSide() int { return (l.side-1)/l.stride + 1 }

// flops counts the multiplications with padding, as is usual.
func (l layer) flops(batch int) float64 {
	return 2 * float64(batch*l.outSide()*l.outSide()) * float64(l.filter*l.filter*l.in/max(1, l.groups)*l.out)
}

func convCases() []*Case {
	var cases []*Case
	for _, pass := range convPasses {
		for _, l := range cifarLayers {
			cases = append(cases, convCase(pass, l, 128))
		}
		for _, batch := range []int{1, 8, 32} {
			for _, l := range imageNetLayers {
				cases = append(cases, convCase(pass, l, batch))
			}
		}
	}
	return cases
}

// groupLayers are the distinct group convolutions of ResNeXt-50 32x4d, -101 32x8d and 64x4d, whose stages have twice as
// many channels each, and depthwise ones as in MobileNets and EfficientNets.
func groupLayers() []layer {
	var layers []layer
	for _, first := range []layer{{3, 128, 128, 56, 1, 32}, {3, 256, 256, 56, 1, 32}, {3, 256, 256, 56, 1, 64}} {
		for stage := range 4 {
			l := first
			l.in, l.out, l.side = first.in<<stage, first.out<<stage, first.side>>stage
			layers = append(layers, l)
			if l.stride, l.side = 2, 2*l.side; stage > 0 {
				layers = append(layers, l)
			}
		}
	}
	for _, filter := range []int{3, 5} {
		for _, l := range []layer{{0, 32, 32, 112, 1, 0}, {0, 64, 64, 112, 2, 0}, {0, 128, 128, 56, 1, 0}, {0, 256, 256, 28, 1, 0}, {0, 512, 512, 14, 1, 0}, {0, 1024, 1024, 7, 1, 0}} {
			l.filter, l.groups = filter, l.in
			layers = append(layers, l)
		}
	}
	return layers
}

func groupCases() []*Case {
	var cases []*Case
	for _, pass := range convPasses {
		for _, batch := range []int{1, 8} {
			for _, l := range groupLayers() {
				cases = append(cases, convCase(pass, l, batch))
			}
		}
	}
	return cases
}

func convCase(pass string, l layer, batch int) *Case {
	x := Input{"x", []int{batch, l.side, l.side, l.in}, uniform}
	groups, group := max(1, l.groups), ""
	if l.groups > 0 {
		group = fmt.Sprintf("/g%d", l.groups)
	}
	w := Input{"w", []int{l.filter, l.filter, l.in / groups, l.out}, uniform}
	dy := Input{"dy", []int{batch, l.outSide(), l.outSide(), l.out}, uniform}
	c := &Case{
		Name: fmt.Sprintf("%s/%dx%d/%d-%d%s/%d/stride%d/n%d", pass, l.filter, l.filter, l.in, l.out, group, l.side, l.stride, batch),
		Op:   "conv " + pass,
		Args: map[string]int{
			"n": batch, "h": l.side, "w": l.side, "c": l.in, "k": l.out, "r": l.filter, "stride": l.stride, "pad": l.filter / 2,
			"groups": groups,
		},
		Bound: 1e-5, Flops: l.flops(batch), Bytes: 4 * float64(x.len()+w.len()+dy.len()),
	}
	switch pass {
	case "forward":
		c.Inputs, c.Outputs = []Input{x, w}, []string{"y"}
	case "input-grad":
		c.Inputs, c.Outputs = []Input{dy, w}, []string{"dx"}
	case "weight-grad":
		c.Inputs, c.Outputs = []Input{x, dy}, []string{"dw"}
	}
	return c
}

func prepareConv(c *worker.Case, pass string) worker.Ready {
	spec := tensor.ConvSpec{Stride: tensor.Both(c.Arg("stride")), Pad: tensor.Both(c.Arg("pad")), Groups: c.Arg("groups")}
	xShape := []int{c.Arg("n"), c.Arg("h"), c.Arg("w"), c.Arg("c")}
	wShape := []int{c.Arg("r"), c.Arg("r"), c.Arg("c") / c.Arg("groups"), c.Arg("k")}
	yShape := new(tensor.Shapes).Conv2D(xShape, wShape, spec)
	in := func(name string, shape []int) *tensor.Tensor { return tensor.From(c.Input(name), shape...) }
	switch pass {
	case "forward":
		y, x, w := tensor.New(yShape...), in("x", xShape), in("w", wShape)
		return ready(func() { tensor.Conv2D(y, x, w, spec) }, "y", y)
	case "input-grad":
		dx, dy, w := tensor.New(xShape...), in("dy", yShape), in("w", wShape)
		return ready(func() { tensor.Conv2DInputGrad(dx, dy, w, xShape, spec) }, "dx", dx)
	}
	dw, x, dy := tensor.New(wShape...), in("x", xShape), in("dy", yShape)
	return ready(func() { tensor.Conv2DWeightGrad(dw, x, dy, wShape, spec) }, "dw", dw)
}

// ready is a case with one output.
func ready(call func(), name string, out *tensor.Tensor) worker.Ready {
	return worker.Ready{Call: call, Outputs: func() map[string][]float32 { return map[string][]float32{name: out.Data()} }}
}
