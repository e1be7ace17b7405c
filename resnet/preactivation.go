package resnet

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// preActivation are the nets of He et al. 2016b, figure 1b, and their bottlenecks (section 4):
//
//	y = s(x) + conv2(relu(bn2(conv1(relu(bn1(x))))))
//	y = s(x) + conv3(relu(bn3(conv2(relu(bn2(conv1(relu(bn1(x)))))))))
//
// The net's first unit has no bn1 and ReLU of its own: there the paper moves them in front of the
// split, into the stem (appendix, "Implementation Details").
type preActivation struct{ family }

func (k preActivation) block(b *builder, at *Block) unit {
	var body sequence
	for i, conv := range k.convs(b, at) {
		if i > 0 || at.Stage > 0 || at.Index > 0 {
			body.add(fmt.Sprint("bn", i+1), b.norm(conv.Weight.Value.Dim(2)), nn.ReLU{})
		}
		body.add(fmt.Sprint("conv", i+1), conv)
	}
	return sum{pathsOf(b.shortcut(*at, func(projection *nn.Conv2D) nn.Sequential {
		if b.WithoutBatchNorm { // no ReLU has halved its input, and nothing else keeps many of them from growing
			tensor.Scale(projection.Weight.Value, projection.Weight.Value, float32(math.Sqrt(0.5)))
		}
		return nn.Sequential{projection}
	}), body)}
}

// head begins with the activation that no later unit applies; He et al. 2016b, appendix.
func (k preActivation) head(b *builder, in Shape) (head sequence) {
	head.add("bn", b.norm(in.Channels), nn.ReLU{}, nn.GlobalAvgPool{})
	head.add("fc", b.linear(in.Channels, b.Classes))
	return head
}

// sum is a unit s(x) + f(x).
type sum struct{ paths }

func (u sum) Forward(x *autograd.Var) *autograd.Var { return u.join(u.skip(x), u.branch(x)) }

func (sum) join(skip, branch *autograd.Var) *autograd.Var {
	if skip == nil || branch == nil {
		return either(skip, branch)
	}
	return autograd.Add(skip, branch)
}
