package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// original is the unit of He et al. 2016a, figure 2, and the bottleneck of figure 5:
//
//	y = relu(s(x) + bn2(conv2(relu(bn1(conv1(x))))))
//	y = relu(s(x) + bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))))
type original struct {
	shortcut nn.Module
	body     nn.Sequential // without the ReLU that comes after the sum
	parts    []nn.Part
}

func (l *layers) original(b Block) *original {
	u := &original{}
	u.body, u.parts = l.body(b)
	norm := l.norm(b.Out.Channels)
	u.body = append(u.body, norm)
	u.shortcut = l.shortcut(b)
	u.parts = append(u.parts, numbered("bn", len(l.filters(b)), norm), nn.Part{Name: "downsample", Module: u.shortcut})
	return u
}

func (u *original) skip(x *autograd.Var) *autograd.Var { return u.shortcut.Forward(x) }

func (u *original) branch(x *autograd.Var) *autograd.Var { return u.body.Forward(x) }

func (u *original) join(skip, branch *autograd.Var) *autograd.Var {
	if skip == nil || branch == nil {
		return autograd.ReLU(either(skip, branch))
	}
	return autograd.AddReLU(skip, branch)
}

func (u *original) Forward(x *autograd.Var) *autograd.Var { return nn.AddReLU(u.shortcut, u.body, x) }

func (u *original) Parts() []nn.Part { return u.parts }
