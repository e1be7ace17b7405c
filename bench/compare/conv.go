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

// layer is a convolution with square filters and images, padded to keep the image but for its stride.
type layer struct{ filter, in, out, side, stride int }

// cifarLayers are the distinct convolutions of ResNet-20 to -110 on 32x32 images, imageNetLayers those
// of ResNet-18 and -50 on 224x224.
var (
	cifarLayers = []layer{
		{3, 3, 16, 32, 1}, {3, 16, 16, 32, 1}, {3, 16, 32, 32, 2}, {3, 32, 32, 16, 1}, {3, 32, 64, 16, 2}, {3, 64, 64, 8, 1},
	}
	imageNetLayers = []layer{
		{7, 3, 64, 224, 2},
		{3, 64, 64, 56, 1}, {3, 64, 128, 56, 2}, {3, 128, 128, 28, 1}, {3, 128, 128, 56, 2}, {3, 128, 256, 28, 2}, {3, 256, 256, 14, 1},
		{3, 256, 256, 28, 2}, {3, 256, 512, 14, 2}, {3, 512, 512, 7, 1}, {3, 512, 512, 14, 2},
		{1, 64, 64, 56, 1}, {1, 64, 256, 56, 1}, {1, 256, 64, 56, 1}, {1, 256, 128, 56, 1}, {1, 64, 128, 56, 2}, {1, 128, 256, 28, 2},
		{1, 256, 512, 14, 2}, {1, 256, 512, 56, 2}, {1, 128, 512, 28, 1}, {1, 512, 128, 28, 1}, {1, 512, 256, 28, 1}, {1, 512, 1024, 28, 2},
		{1, 256, 1024, 14, 1}, {1, 1024, 256, 14, 1}, {1, 1024, 512, 14, 1}, {1, 1024, 2048, 14, 2}, {1, 512, 2048, 7, 1}, {1, 2048, 512, 7, 1},
	}
)

// outSide is the height and width of the output.
func (l layer) outSide() int { return (l.side-1)/l.stride + 1 }

// flops counts the multiplications with padding, as is usual.
func (l layer) flops(batch int) float64 {
	return 2 * float64(batch*l.outSide()*l.outSide()) * float64(l.filter*l.filter*l.in*l.out)
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

func convCase(pass string, l layer, batch int) *Case {
	x := Input{"x", []int{batch, l.side, l.side, l.in}, uniform}
	w := Input{"w", []int{l.filter, l.filter, l.in, l.out}, uniform}
	dy := Input{"dy", []int{batch, l.outSide(), l.outSide(), l.out}, uniform}
	c := &Case{
		Name: fmt.Sprintf("%s/%dx%d/%d-%d/%d/stride%d/n%d", pass, l.filter, l.filter, l.in, l.out, l.side, l.stride, batch),
		Op:   "conv " + pass,
		Args: map[string]int{
			"n": batch, "h": l.side, "w": l.side, "c": l.in, "k": l.out, "r": l.filter, "stride": l.stride, "pad": l.filter / 2,
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
	spec := tensor.ConvSpec{Stride: tensor.Both(c.Arg("stride")), Pad: tensor.Both(c.Arg("pad"))}
	xShape := []int{c.Arg("n"), c.Arg("h"), c.Arg("w"), c.Arg("c")}
	wShape := []int{c.Arg("r"), c.Arg("r"), c.Arg("c"), c.Arg("k")}
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
