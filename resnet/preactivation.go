package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// preActivation is the unit of He et al. 2016b, figure 1b, and its bottleneck (section 4):
//
//	y = s(x) + conv2(relu(bn2(conv1(relu(bn1(x))))))
//	y = s(x) + conv3(relu(bn3(conv2(relu(bn2(conv1(relu(bn1(x)))))))))
//
// The net's first unit has no bn1 and ReLU of its own: there the paper moves them in front of the
// split, into the stem (appendix, "Implementation Details").
type preActivation struct {
	shortcut nn.Module
	body     nn.Sequential
	parts    []nn.Part
}

func (l *layers) preActivation(b Block) *preActivation {
	u := &preActivation{}
	for i, c := range l.convs(b) {
		if i > 0 || b.Stage > 0 || b.Index > 0 {
			norm := l.normReLU(c.Weight.Value.Dim(2))
			u.body, u.parts = append(u.body, norm...), append(u.parts, numbered("bn", i+1, norm[0]))
		}
		u.body, u.parts = append(u.body, c), append(u.parts, numbered("conv", i+1, c))
	}
	u.shortcut = l.shortcut(b)
	u.parts = append(u.parts, nn.Part{Name: "downsample", Module: u.shortcut})
	return u
}

func (u *preActivation) skip(x *autograd.Var) *autograd.Var { return u.shortcut.Forward(x) }

func (u *preActivation) branch(x *autograd.Var) *autograd.Var { return u.body.Forward(x) }

func (u *preActivation) join(skip, branch *autograd.Var) *autograd.Var { return sum(skip, branch) }

func (u *preActivation) Forward(x *autograd.Var) *autograd.Var { return u.join(u.skip(x), u.branch(x)) }

func (u *preActivation) Parts() []nn.Part { return u.parts }
