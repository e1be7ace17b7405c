package optim_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Least squares by gradient descent: the line y = 2x - 1 through three points.
func Example() {
	line := nn.NewLinear(1, 1, rand.New(rand.NewPCG(1, 2)))
	x := tensor.From([]float32{0, 1, 2}, 3, 1)
	y := tensor.From([]float32{-1, 1, 3}, 3, 1)

	const steps = 200
	sgd, err := optim.NewSGD(nn.Params(line), optim.SGDConfig{Momentum: 0.9})
	if err != nil {
		fmt.Println(err)
		return
	}
	rate := optim.Cosine{Peak: 0.1, Warmup: 0.05}
	tape := autograd.NewTape(1)
	for step := range steps {
		tape.Reset()
		tape.Backward(autograd.MSE(line.Forward(tape.Input(x)), autograd.Const(y)))
		sgd.Step(rate.Rate(step, steps))
		autograd.ZeroGrad(sgd.Params())
	}
	fmt.Printf("y = %.2f x + %.2f\n", line.Weight.Value.Item(), line.Bias.Value.Item())
	// Output: y = 2.00 x + -1.00
}

func ExampleCosine() {
	schedule := optim.Cosine{Peak: 0.1, Warmup: 0.34}
	for step := range 7 {
		fmt.Printf("%.4f ", schedule.Rate(step, 6))
	}
	// Output: 0.0500 0.1000 0.1000 0.0854 0.0500 0.0146 0.0000
}

// Weights decay, biases and batch norms do not, and the head, which is new, learns ten times as fast.
func ExampleGroup() {
	rng := rand.New(rand.NewPCG(1, 2))
	net := nn.Sequential{nn.NewLinear(2, 16, rng), nn.ReLU{}, nn.NewLinear(16, 3, rng)}
	_, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, WeightDecay: 1e-4, Groups: []optim.Group{
		{Match: func(name string, _ *autograd.Param) bool { return name == "2.weight" }, Rate: 10, WeightDecay: 1e-4},
		{Match: func(name string, _ *autograd.Param) bool { return name == "2.bias" }, Rate: 10},
		{Match: func(_ string, p *autograd.Param) bool { return p.Value.Rank() < 2 }},
	}})
	fmt.Println(err)
	_, err = optim.NewSGD(nn.Params(net), optim.SGDConfig{Groups: []optim.Group{
		{Match: func(name string, _ *autograd.Param) bool { return name == "fc.weight" }, Rate: 10},
	}})
	fmt.Println(err)
	// Output:
	// <nil>
	// optim: SGDConfig.Groups[0].Match is true of no parameter: want one that picks some that no earlier group has
}
