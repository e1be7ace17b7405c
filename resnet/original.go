package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// original is the unit of He et al. 2016a, figure 2:
//
//	y = relu(s(x) + bn2(conv2(relu(bn1(conv1(x))))))
type original struct {
	shortcut     nn.Module
	conv1, conv2 nn.Module
	bn1          nn.Module // with its ReLU
	bn2          nn.Module // without: it comes after the sum
}

func (l *layers) original(b Block) *original {
	out := b.Out.Channels
	return &original{
		conv1:    l.conv(b.Name+".conv1", b.In, out, 3, l.stride(b)),
		bn1:      l.normReLU(b.Name+".bn1", out),
		conv2:    l.last(b.Name+".conv2", b.Out),
		bn2:      l.norm(b.Name+".bn2", out),
		shortcut: l.shortcut(b),
	}
}

func (u *original) skip(x *autograd.Var) *autograd.Var { return u.shortcut.Forward(x) }

func (u *original) branch(x *autograd.Var) *autograd.Var {
	h := u.bn1.Forward(u.conv1.Forward(x))
	return u.bn2.Forward(u.conv2.Forward(h))
}

func (u *original) join(skip, branch *autograd.Var) *autograd.Var {
	return autograd.ReLU(sum(skip, branch))
}

func (u *original) params() []*autograd.Param {
	return nn.Params(u.conv1, u.bn1, u.conv2, u.bn2, u.shortcut)
}
