package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// preActivation is the unit of He et al. 2016b, figure 1b:
//
//	y = s(x) + conv2(relu(bn2(conv1(relu(bn1(x))))))
//
// The net's first unit has no bn1 and ReLU of its own: there the paper moves them in front of the
// split, into the stem (appendix, "Implementation Details").
type preActivation struct {
	shortcut     nn.Module
	bn1, bn2     nn.Module // each with its ReLU
	conv1, conv2 nn.Module
}

func (l *layers) preActivation(b Block) *preActivation {
	in, out, stride := b.In.Channels, b.Out.Channels, l.stride(b)
	u := &preActivation{
		bn1:      nn.Identity{},
		conv1:    l.conv(b.Name+".conv1", b.In, out, 3, stride),
		bn2:      l.normReLU(b.Name+".bn2", out),
		conv2:    l.last(b.Name+".conv2", b.Out),
		shortcut: l.shortcut(b),
	}
	if b.Stage > 0 || b.Index > 0 {
		u.bn1 = l.normReLU(b.Name+".bn1", in)
	}
	return u
}

func (u *preActivation) skip(x *autograd.Var) *autograd.Var { return u.shortcut.Forward(x) }

func (u *preActivation) branch(x *autograd.Var) *autograd.Var {
	h := u.conv1.Forward(u.bn1.Forward(x))
	return u.conv2.Forward(u.bn2.Forward(h))
}

func (u *preActivation) join(skip, branch *autograd.Var) *autograd.Var { return sum(skip, branch) }

func (u *preActivation) params() []*autograd.Param {
	return nn.Params(u.bn1, u.conv1, u.bn2, u.conv2, u.shortcut)
}
