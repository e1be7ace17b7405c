package nn_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// A small convolutional network, its parameters, and the shape of what it computes.
func Example() {
	rng := rand.New(rand.NewPCG(1, 2))
	net := nn.NewSequential(
		nn.NewConv2D(rng, 1, 8, 3, tensor.ConvSpec{Stride: 2, Pad: 1}),
		nn.NewBatchNormReLU(8),
		nn.GlobalAvgPool{},
		nn.NewLinear(rng, 8, 10),
	)
	for _, p := range net.Params() {
		fmt.Println(p.Name, p.Value.Shape())
	}
	images := tensor.New(4, 28, 28, 1)
	fmt.Println(net.Forward(autograd.Const(images)).Shape())
	// Output:
	// 0.weight [3 3 1 8]
	// 1.weight [8]
	// 1.bias [8]
	// 1.running_mean [8]
	// 1.running_var [8]
	// 3.weight [10 8]
	// 3.bias [10]
	// [4 10]
}

// mlp is a module of one's own: fields, a Forward, and names for the parameters.
type mlp struct{ hidden, out *nn.Linear }

func newMLP(rng *rand.Rand) *mlp {
	return &mlp{
		hidden: nn.Named("hidden", nn.NewLinear(rng, 2, 16)),
		out:    nn.Named("out", nn.NewLinear(rng, 16, 1)),
	}
}

func (m *mlp) Forward(x *autograd.Var) *autograd.Var {
	return m.out.Forward(autograd.Tanh(m.hidden.Forward(x)))
}

func (m *mlp) Params() []*autograd.Param { return nn.Params(m.hidden, m.out) }

func ExampleModule() {
	var m nn.Module = newMLP(rand.New(rand.NewPCG(1, 2)))
	fmt.Println(nn.Count(m.Params()), "parameters, the last one", m.Params()[3].Name)
	// Output: 65 parameters, the last one out.bias
}
