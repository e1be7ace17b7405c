package resnet

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// vgg is one convolution of Simonyan and Zisserman 2015, and the pooling that may follow it:
//
//	y = pool(relu(bn(conv(x))))
//
// Deleting it leaves the pooling, which has no weights, so that the shapes still fit.
type vgg struct {
	remains  nn.Module
	conv, bn nn.Module // bn with its ReLU
	pool     nn.Module
}

// vgg makes the next block. Its parameters are numbered as the layers of torchvision's "features".
func (l *layers) vgg(b Block) *vgg {
	in, out, stride := b.In.Channels, b.Out.Channels, l.stride(b)
	u := &vgg{
		remains: optionA(in, out, stride),
		conv:    l.conv(l.feature(), b.In, out, 3, stride),
		bn:      nn.ReLU{},
		pool:    nn.Identity{},
	}
	if !l.WithoutBatchNorm {
		u.bn = l.normReLU(l.feature(), out)
	}
	l.features++ // the ReLU
	if b.Out.Height < b.In.strided(stride, out).Height {
		u.pool = nn.MaxPool2D{Size: 2, Stride: 2}
		l.features++
	}
	return u
}

// feature returns the name of the next layer.
func (l *layers) feature() string {
	l.features++
	return fmt.Sprintf("features.%d", l.features-1)
}

func (u *vgg) skip(x *autograd.Var) *autograd.Var { return u.pool.Forward(u.remains.Forward(x)) }

func (u *vgg) branch(x *autograd.Var) *autograd.Var {
	return u.pool.Forward(u.bn.Forward(u.conv.Forward(x)))
}

func (u *vgg) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }

func (u *vgg) params() []*autograd.Param { return nn.Params(u.conv, u.bn) }
