package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// plain is the original unit without its skip, He et al. 2016a, section 3.3:
//
//	y = relu(bn2(conv2(relu(bn1(conv1(x))))))
type plain struct {
	remains nn.Module // what deletion leaves
	body    nn.Sequential
	parts   []nn.Part
}

func (l *layers) plain(b Block) *plain {
	body, parts := l.body(b)
	out := b.Out.Channels
	norm := l.normReLU(out)
	return &plain{
		body: append(body, norm...), parts: append(parts, numbered("bn", len(l.filters(b)), norm[0])),
		remains: optionA(b.In.Channels, out, l.stride(b)),
	}
}

func (u *plain) skip(x *autograd.Var) *autograd.Var { return u.remains.Forward(x) }

func (u *plain) branch(x *autograd.Var) *autograd.Var { return u.body.Forward(x) }

func (u *plain) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }

func (u *plain) Forward(x *autograd.Var) *autograd.Var { return u.branch(x) }

func (u *plain) Parts() []nn.Part { return u.parts }
