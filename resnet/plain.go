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
}

func (l *layers) plain(b Block) *plain {
	body, last := l.body(b)
	out := b.Out.Channels
	return &plain{body: append(body, l.normReLU(last, out)), remains: optionA(b.In.Channels, out, l.stride(b))}
}

func (u *plain) skip(x *autograd.Var) *autograd.Var { return u.remains.Forward(x) }

func (u *plain) branch(x *autograd.Var) *autograd.Var { return u.body.Forward(x) }

func (u *plain) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }

func (u *plain) params() []*autograd.Param { return u.body.Params() }
