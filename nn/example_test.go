package nn_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// A small convolutional network, what a file of it holds, and the shape of what it computes.
func Example() {
	rng := rand.New(rand.NewPCG(1, 2))
	net := nn.Sequential{
		nn.NewConv2D(1, 8, tensor.Both(3), tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1)}, rng),
		nn.NewBatchNorm2D(8),
		nn.ReLU{},
		nn.GlobalAvgPool{},
		nn.NewLinear(8, 10, rng),
	}
	for name, t := range nn.State(net) {
		fmt.Println(name, t.Shape())
	}
	images := tensor.New(4, 28, 28, 1)
	fmt.Println(net.Forward(autograd.Const(images)).Shape())
	// Output:
	// 0.weight [3 3 1 8]
	// 1.weight [8]
	// 1.bias [8]
	// 1.running_mean [8]
	// 1.running_var [8]
	// 4.weight [10 8]
	// 4.bias [10]
	// [4 10]
}

// mlp is a module of one's own: fields, a Forward, and names for the fields.
type mlp struct{ hidden, out *nn.Linear }

func newMLP(rng *rand.Rand) *mlp {
	return &mlp{hidden: nn.NewLinear(2, 16, rng), out: nn.NewLinear(16, 1, rng)}
}

func (m *mlp) Forward(x *autograd.Var) *autograd.Var {
	return m.out.Forward(autograd.Tanh(m.hidden.Forward(x)))
}

func (m *mlp) Parts() []nn.Part {
	return []nn.Part{{Name: "hidden", Module: m.hidden}, {Name: "out", Module: m.out}}
}

func ExampleModule() {
	var m nn.Module = newMLP(rand.New(rand.NewPCG(1, 2)))
	for name, p := range nn.Params(m) {
		fmt.Println(name, p.Value.Shape())
	}
	fmt.Println(nn.Count(m), "numbers")
	// Output:
	// hidden.weight [16 2]
	// hidden.bias [16]
	// out.weight [1 16]
	// out.bias [1]
	// 65 numbers
}

// To fine-tune a net is to freeze it, batch norms included, and to set its last layer free.
func ExampleFreeze() {
	rng := rand.New(rand.NewPCG(1, 2))
	head := nn.NewLinear(8, 10, rng)
	net := nn.Sequential{nn.NewConv2D(1, 8, tensor.Both(3), tensor.ConvSpec{}, rng), nn.NewBatchNorm2D(8), nn.ReLU{}, nn.GlobalAvgPool{}, head}

	nn.Freeze(net)
	nn.Unfreeze(head)
	for name, p := range nn.Params(net) {
		fmt.Println(name, p.Frozen)
	}
	// Output:
	// 0.weight true
	// 1.weight true
	// 1.bias true
	// 4.weight false
	// 4.bias false
}
