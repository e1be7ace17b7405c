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
	body     nn.Sequential // up to the last convolution
	norm     nn.Module     // the last one, without a ReLU: that comes after the sum
	parts    []nn.Part
}

func (l *layers) original(b Block) *original {
	u := &original{}
	u.body, u.parts = l.body(b)
	u.norm = l.norm(b.Out.Channels)
	u.shortcut = l.shortcut(b)
	u.parts = append(u.parts, numbered("bn", len(l.filters(b)), u.norm), nn.Part{Name: "downsample", Module: u.shortcut})
	return u
}

func (u *original) skip(x *autograd.Var) *autograd.Var { return u.shortcut.Forward(x) }

func (u *original) branch(x *autograd.Var) *autograd.Var { return u.norm.Forward(u.body.Forward(x)) }

func (u *original) join(skip, branch *autograd.Var) *autograd.Var {
	if skip == nil || branch == nil {
		return autograd.ReLU(either(skip, branch))
	}
	return autograd.AddReLU(skip, branch)
}

// Forward computes the last batch norms, the sum and the ReLU in one op.
func (u *original) Forward(x *autograd.Var) *autograd.Var {
	norm, ok := u.norm.(*nn.BatchNorm2D)
	if !ok {
		return u.join(u.skip(x), u.branch(x))
	}
	if projection, skipNorm := splitNorm(u.shortcut); skipNorm != nil {
		z := projection.Forward(x)
		return norm.ForwardAddNormReLU(u.body.Forward(x), skipNorm, z)
	}
	skip := u.skip(x)
	return norm.ForwardAddReLU(u.body.Forward(x), skip)
}

// splitNorm returns a sequence that ends in a batch norm as what comes before and the batch norm.
func splitNorm(m nn.Module) (before nn.Sequential, norm *nn.BatchNorm2D) {
	s, _ := m.(nn.Sequential)
	if len(s) > 0 {
		norm, _ = s[len(s)-1].(*nn.BatchNorm2D)
	}
	if norm == nil {
		return nil, nil
	}
	return s[:len(s)-1], norm
}

func (u *original) Parts() []nn.Part { return u.parts }
