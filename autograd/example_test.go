package autograd_test

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func Example() {
	// Fit y = w x to points on y = 3 x.
	x, y := tensor.From([]float32{1, 2, 3}, 3, 1), tensor.From([]float32{3, 6, 9}, 3, 1)
	w := autograd.NewParam(tensor.New(1, 1))
	tape := autograd.NewTape(1)
	for range 20 {
		tape.Reset()
		autograd.ZeroGrad([]*autograd.Param{w})
		in := tape.Input(x)
		out := autograd.MatMul(in, w.On(in), tensor.NN)
		loss := autograd.MSE(out, autograd.Const(y))
		tape.Backward(loss)
		tensor.AddScaled(w.Value, w.Value, -0.1, w.Grad)
	}
	fmt.Printf("%.3f\n", w.Value.Item())
	// Output: 3.000
}

func ExampleVJP() {
	tape := autograd.NewTape(1)
	x := tape.Input(tensor.From([]float32{1, 2, 3}, 3))
	y := autograd.Square(x)

	// The gradient of the sum of y, and of 10 y[2].
	fmt.Println(autograd.VJP(y, nil, x)[0].Value())
	seed := autograd.Const(tensor.From([]float32{0, 0, 10}, 3))
	fmt.Println(autograd.VJP(y, seed, x)[0].Value())
	// Output:
	// [2 4 6]
	// [ 0  0 60]
}

// The gradient of a gradient: the product of the Hessian with a vector.
func ExampleGrad() {
	tape := autograd.NewTape(1)
	x := tape.Input(tensor.From([]float32{1, 2}, 2))
	x0, x1 := autograd.SliceAxis(x, 0, 0, 1), autograd.SliceAxis(x, 0, 1, 2)
	y := autograd.Mul(autograd.Square(x0), x1) // y = x0^2 x1

	g := autograd.Grad(y, nil, x)[0]
	v := autograd.Const(tensor.From([]float32{1, 0}, 2))
	fmt.Println(g.Value())
	fmt.Println(autograd.VJP(g, v, x)[0].Value())
	// Output:
	// [4 1]
	// [4 2]
}

func ExampleTape_Backward() {
	w := autograd.NewParam(tensor.From([]float32{2, 5}, 2))
	tape := autograd.NewTape(1)
	x := tape.Input(tensor.From([]float32{3, 4}, 2))
	loss := autograd.Sum(autograd.Mul(w.On(x), x))
	tape.Backward(loss)
	tape.Backward(loss) // gradients add up until ZeroGrad
	fmt.Println(loss.Value(), w.Grad)
	// Output: 26 [6 8]
}

// A forward pass over constants records nothing and may run in many goroutines at once.
func ExampleConst() {
	w := autograd.NewParam(tensor.From([]float32{2, 5}, 2))
	x := autograd.Const(tensor.From([]float32{3, 4}, 2))
	y := autograd.Mul(w.On(x), x)
	fmt.Println(y.Value(), y.Tape() == nil)
	// Output: [ 6 20] true
}

func ExampleDetach() {
	tape := autograd.NewTape(1)
	x := tape.Input(tensor.From([]float32{3}, 1))
	y := autograd.Mul(autograd.Detach(x), x)
	fmt.Println(y.Value(), autograd.VJP(y, nil, x)[0].Value())
	// Output: [9] [3]
}
