package resnet

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// filter is one convolution of a branch.
type filter struct {
	in                Shape
	out, size, stride int
}

// filters lists the convolutions of a branch: 3x3 and 3x3, or in a bottleneck 1x1, 3x3 and 1x1.
func (l *layers) filters(b Block) []filter {
	width, stride := l.channels(b.Stage), l.stride(b)
	before, after := b.In, b.Out
	before.Channels, after.Channels = width, width
	if !l.Bottleneck {
		return []filter{{b.In, width, 3, stride}, {after, width, 3, 1}}
	}
	return []filter{{b.In, width, 1, 1}, {before, width, 3, stride}, {after, b.Out.Channels, 1, 1}}
}

// convs makes the convolutions of a branch. In a residual net without batch norm the
// last one starts smaller, see Config.WithoutBatchNorm.
func (l *layers) convs(b Block) []*nn.Conv2D {
	var convs []*nn.Conv2D
	for _, f := range l.filters(b) {
		convs = append(convs, l.conv(f.in, f.out, f.size, f.stride))
	}
	if l.WithoutBatchNorm && l.residual() {
		last := convs[len(convs)-1].Weight.Value
		tensor.Scale(last, last, float32(1/math.Sqrt(float64(l.blocks()))))
	}
	return convs
}

// body makes the convolutions of a branch with a batch norm and a ReLU between two of them, for those
// kinds in which these follow a convolution. The parts lack the batch norm that follows the last one.
func (l *layers) body(b Block) (body nn.Sequential, parts []nn.Part) {
	for i, c := range l.convs(b) {
		if i > 0 {
			norm := l.normReLU(c.Weight.Value.Dim(2))
			body, parts = append(body, norm...), append(parts, numbered("bn", i, norm[0]))
		}
		body, parts = append(body, c), append(parts, numbered("conv", i+1, c))
	}
	return body, parts
}

func numbered(name string, i int, m nn.Module) nn.Part {
	return nn.Part{Name: fmt.Sprint(name, i), Module: m}
}
