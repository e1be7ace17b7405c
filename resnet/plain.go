package resnet

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// plain are the original nets without their skips, He et al. 2016a, section 3.3:
//
//	y = relu(bn2(conv2(relu(bn1(conv1(x))))))
type plain struct{ family }

func (plain) check(c Config) error { return all(c.noSkips()...) }

func (plain) sums() bool { return false }

func (k plain) block(b *builder, at *Block) unit {
	var body sequence
	for i, conv := range k.convs(b, at) {
		body.add(fmt.Sprint("conv", i+1), conv)
		body.add(fmt.Sprint("bn", i+1), b.norm(conv.Weight.Value.Dim(3)), nn.ReLU{})
	}
	return single{pathsOf(optionA(at.In.Channels, at.Out.Channels, at.stride()), body)}
}

// single is a unit f(x); s(x) is what its deletion leaves.
type single struct{ paths }

func (u single) Forward(x *autograd.Var) *autograd.Var { return u.branch(x) }

func (single) join(skip, branch *autograd.Var) *autograd.Var { return either(skip, branch) }
