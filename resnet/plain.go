package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// plain is the original unit without its skip, He et al. 2016a, section 3.3:
//
//	y = relu(bn2(conv2(relu(bn1(conv1(x))))))
type plain struct {
	remains      nn.Module // what deletion leaves
	conv1, conv2 nn.Module
	bn1, bn2     nn.Module // each with its ReLU
}

func (l *layers) plain(b Block) *plain {
	in, out := b.In.Channels, b.Out.Channels
	return &plain{
		conv1:   l.conv(b.Name+".conv1", b.In, out, 3, l.stride(b)),
		bn1:     l.normReLU(b.Name+".bn1", out),
		conv2:   l.conv(b.Name+".conv2", b.Out, out, 3, 1),
		bn2:     l.normReLU(b.Name+".bn2", out),
		remains: optionA(in, out, l.stride(b)),
	}
}

func (u *plain) skip(x *autograd.Var) *autograd.Var { return u.remains.Forward(x) }

func (u *plain) branch(x *autograd.Var) *autograd.Var {
	h := u.bn1.Forward(u.conv1.Forward(x))
	return u.bn2.Forward(u.conv2.Forward(h))
}

func (u *plain) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }

func (u *plain) params() []*autograd.Param { return nn.Params(u.conv1, u.bn1, u.conv2, u.bn2) }
