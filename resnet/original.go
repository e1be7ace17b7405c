package resnet

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// original are the nets of He et al. 2016a, figure 2, and their bottlenecks (figure 5):
//
//	y = relu(s(x) + bn2(conv2(relu(bn1(conv1(x))))))
//	y = relu(s(x) + bn3(conv3(relu(bn2(conv2(relu(bn1(conv1(x)))))))))
type original struct{ family }

func (k original) block(b *builder, at *Block) unit {
	var body sequence
	convs := k.convs(b, at)
	for i, conv := range convs {
		if i > 0 {
			body.then(nn.ReLU{})
		}
		if i == len(convs)-1 && at.stride() > 1 {
			b.halve(&body, Shape{at.In.Height, at.In.Width, convs[i-1].Weight.Value.Dim(3)})
		}
		body.add(fmt.Sprint("conv", i+1), conv)
		body.add(fmt.Sprint("bn", i+1), b.norm(conv.Weight.Value.Dim(3)))
	}
	b.attention(&body, at.Out.Channels)
	return rectified{pathsOf(b.shortcut(*at, func(projection *nn.Conv2D) nn.Sequential {
		var s sequence
		s.add("0", projection)
		s.add("1", b.norm(at.Out.Channels))
		return s.Sequential
	}), body)}
}

// rectified is a unit relu(s(x) + f(x)).
type rectified struct{ paths }

func (u rectified) Forward(x *autograd.Var) *autograd.Var { return nn.AddReLU(u.shortcut, u.body, x) }

func (rectified) join(skip, branch *autograd.Var) *autograd.Var {
	if skip == nil || branch == nil {
		return autograd.ReLU(either(skip, branch))
	}
	return autograd.AddReLU(skip, branch)
}
