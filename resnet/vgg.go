package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// vgg is one convolution of Simonyan and Zisserman 2015, and the pooling that may follow it:
//
//	y = pool(relu(bn(conv(x))))
//
// Deleting it leaves the pooling, which has no weights, so that the shapes still fit.
type vgg struct {
	remains nn.Module
	pool    nn.Module     // or the identity
	body    nn.Sequential // all layers
	parts   []nn.Part
}

// vgg makes the next block. Its layers are numbered as those of torchvision's "features".
func (l *layers) vgg(b Block) *vgg {
	in, out, stride := b.In.Channels, b.Out.Channels, l.stride(b)
	u := &vgg{remains: optionA(in, out, stride), pool: nn.Identity{}}
	conv, norm := l.conv(b.In, out, 3, stride), l.normReLU(out)
	u.parts = []nn.Part{l.feature(conv)}
	if !l.WithoutBatchNorm {
		u.parts = append(u.parts, l.feature(norm[0]))
	}
	l.features++ // the ReLU
	if b.Out.Height < b.In.strided(stride, out).Height {
		u.pool = nn.MaxPool2D{Size: tensor.Both(2), Stride: tensor.Both(2)}
		l.features++
	}
	u.body = append(append(nn.Sequential{conv}, norm...), u.pool)
	return u
}

// feature returns m as the next layer.
func (l *layers) feature(m nn.Module) nn.Part {
	l.features++
	return numbered("features.", l.features-1, m)
}

func (u *vgg) skip(x *autograd.Var) *autograd.Var { return u.pool.Forward(u.remains.Forward(x)) }

func (u *vgg) branch(x *autograd.Var) *autograd.Var { return u.body.Forward(x) }

func (u *vgg) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }

func (u *vgg) Forward(x *autograd.Var) *autograd.Var { return u.branch(x) }

func (u *vgg) Parts() []nn.Part { return u.parts }
