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

// convs makes the convolutions of a branch, "conv1" and so on. In a residual net without batch norm the
// last one starts smaller, see Config.WithoutBatchNorm.
func (l *layers) convs(b Block) []*nn.Conv2D {
	var convs []*nn.Conv2D
	for i, f := range l.filters(b) {
		convs = append(convs, l.conv(fmt.Sprintf("%s.conv%d", b.Name, i+1), f.in, f.out, f.size, f.stride))
	}
	if l.WithoutBatchNorm && l.residual() {
		last := convs[len(convs)-1].Weight.Value
		tensor.Scale(last, last, float32(1/math.Sqrt(float64(l.blocks()))))
	}
	return convs
}

// body makes the convolutions of a branch with a batch norm and a ReLU between two of them, for those
// kinds in which these follow a convolution; and the name of the batch norm that follows the last one.
func (l *layers) body(b Block) (body nn.Sequential, last string) {
	for i, c := range l.convs(b) {
		if i > 0 {
			body = append(body, l.normReLU(last, c.Weight.Value.Dim(2)))
		}
		body = append(body, c)
		last = fmt.Sprintf("%s.bn%d", b.Name, i+1)
	}
	return body, last
}
