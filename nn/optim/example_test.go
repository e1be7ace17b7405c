package optim_test

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Least squares by gradient descent: the line y = 2x - 1 through three points.
func Example() {
	w := autograd.NewParam("w", tensor.New(1, 1))
	b := autograd.NewParam("b", tensor.New(1))
	x := tensor.From([]float32{0, 1, 2}, 3, 1)
	y := tensor.From([]float32{-1, 1, 3}, 3, 1)

	const steps = 200
	sgd := &optim.SGD{Params: []*autograd.Param{w, b}, Momentum: 0.9}
	rate := optim.Cosine(0.1, 10, steps)
	tape := autograd.NewTape(1)
	for step := range steps {
		tape.Reset()
		in := tape.Input(x)
		line := autograd.Add(autograd.MatMul(in, w.On(in), tensor.NN), b.On(in))
		tape.Backward(autograd.MSE(line, autograd.Const(y)))
		sgd.Step(rate(step))
		autograd.ZeroGrad(sgd.Params)
	}
	fmt.Printf("y = %.2f x + %.2f\n", w.Value.Item(), b.Value.Item())
	// Output: y = 2.00 x + -1.00
}

func ExampleCosine() {
	rate := optim.Cosine(0.1, 2, 6)
	for step := range 7 {
		fmt.Printf("%.4f ", rate(step))
	}
	// Output: 0.0500 0.1000 0.1000 0.0854 0.0500 0.0146 0.0000
}
