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
// split, into the stem (appendix, "Implementation Details"); not so with Config.BareStem.
type preActivation struct{ family }

func (k preActivation) stem(b *builder) (stem sequence, out Shape) {
	if !b.BareStem {
		return k.family.stem(b)
	}
	b.firstConv(&stem)
	return stem, b.firstPool(&stem)
}

func (k preActivation) block(b *builder, at *Block) unit {
	var first, body sequence // the norm and ReLU that come first, and the rest
	for i, conv := range k.convs(b, at) {
		into := &body
		if i == 0 {
			into = &first
		}
		if i > 0 || at.Stage > 0 || at.Index > 0 || b.BareStem {
			into.add(fmt.Sprint("bn", i+1), b.norm(conv.Weight.Value.Dim(2)*conv.Spec.Groups), nn.ReLU{})
		}
		body.add(fmt.Sprint("conv", i+1), conv)
	}
	shortcut := b.shortcut(*at, func(projection *nn.Conv2D) nn.Sequential {
		if b.WithoutBatchNorm { // no ReLU has halved its input, and nothing else keeps many of them from growing
			tensor.Scale(projection.Weight.Value, projection.Weight.Value, float32(math.Sqrt(0.5)))
		}
		return nn.Sequential{projection}
	})
	if b.ActivatedProjection && b.projects(*at) {
		u := activated{first: first.Sequential, paths: pathsOf(shortcut, body)}
		u.parts = append(first.parts, u.parts...)
		return u
	}
	whole := sequence{append(first.Sequential, body.Sequential...), append(first.parts, body.parts...)}
	return sum{pathsOf(shortcut, whole)}
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

// activated is a unit s(a) + f(a) with a = relu(bn1(x)).
type activated struct {
	first nn.Sequential
	paths
}

func (u activated) Forward(x *autograd.Var) *autograd.Var {
	a := u.first.Forward(x)
	return u.join(u.paths.skip(a), u.paths.branch(a))
}

// skip does not move the running statistics, which the branch does.
func (u activated) skip(x *autograd.Var) *autograd.Var {
	for _, m := range u.first {
		if n, ok := m.(*nn.BatchNorm2D); ok {
			m = &nn.BatchNorm2D{Weight: n.Weight, Bias: n.Bias, RunningMean: n.RunningMean, RunningVar: n.RunningVar, Eps: n.Eps}
		}
		x = m.Forward(x)
	}
	return u.paths.skip(x)
}

func (u activated) branch(x *autograd.Var) *autograd.Var { return u.paths.branch(u.first.Forward(x)) }

func (activated) join(skip, branch *autograd.Var) *autograd.Var { return sum{}.join(skip, branch) }
