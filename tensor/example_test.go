package tensor_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/tensor"
)

// Operations take their destination first; with nil they allocate the result.
func Example() {
	x := tensor.From([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	bias := tensor.From([]float32{10, 20, 30}, 3)

	y := tensor.Add(nil, x, bias) // the bias is repeated for every row
	fmt.Println(y)

	tensor.ReLU(y, tensor.Sub(y, y, tensor.Scalar(20))) // no new memory
	fmt.Println(y)
	fmt.Println("column sums:", tensor.Sum(nil, y, 0))
	// Output:
	// [[11 22 33]
	//  [14 25 36]]
	// [[ 0  2 13]
	//  [ 0  5 16]]
	// column sums: [ 0  7 29]
}

func ExampleTensor_String() {
	fmt.Println(tensor.From([]float32{1, 0.5, float32(math.Pi), -1e6}, 2, 2))
	fmt.Println(tensor.New(100, 100))
	// Output:
	// [[     1    0.5]
	//  [3.1416 -1e+06]]
	// [[0 0 0 ... 0 0 0]
	//  [0 0 0 ... 0 0 0]
	//  [0 0 0 ... 0 0 0]
	//  ...
	//  [0 0 0 ... 0 0 0]
	//  [0 0 0 ... 0 0 0]
	//  [0 0 0 ... 0 0 0]]
}

func ExampleTensor_Reshape() {
	a := tensor.From([]float32{1, 2, 3, 4, 5, 6}, 2, 3)
	b := a.Reshape(3, -1)
	b.Set(100, 0, 1) // a and b are the same memory
	fmt.Println(b)
	fmt.Println(a)
	// Output:
	// [[  1 100]
	//  [  3   4]
	//  [  5   6]]
	// [[  1 100   3]
	//  [  4   5   6]]
}

func ExampleMatMul() {
	a := tensor.From([]float32{1, 2, 3, 4}, 2, 2)
	b := tensor.From([]float32{0, 1, 1, 0}, 2, 2)
	fmt.Println(tensor.MatMul(nil, a, b, tensor.NN))
	fmt.Println(tensor.MatMul(nil, a, b, tensor.TN)) // aᵀb
	// Output:
	// [[2 1]
	//  [4 3]]
	// [[3 1]
	//  [4 2]]
}

// A shape that does not fit is a bug in the caller: it panics and says why.
func ExampleMatMul_shapes() {
	defer func() { fmt.Println(recover()) }()
	tensor.MatMul(nil, tensor.New(2, 3), tensor.New(4, 5), tensor.NN)
	// Output:
	// tensor: MatMul: [2 3] x [4 5]: inner dimensions differ
}

// A Sobel filter finds the vertical edge in an image of one channel.
func ExampleConv2D() {
	image := tensor.From([]float32{
		0, 0, 1, 1,
		0, 0, 1, 1,
		0, 0, 1, 1,
	}, 1, 3, 4, 1) // [N,H,W,C]
	sobel := tensor.From([]float32{
		-1, 0, 1,
		-2, 0, 2,
		-1, 0, 1,
	}, 3, 3, 1, 1) // [R,S,C,K]
	edges := tensor.Conv2D(nil, image, sobel, tensor.ConvSpec{Pad: tensor.Both(1)})
	fmt.Println(edges.Reshape(3, 4))
	// Output:
	// [[ 0  3  3 -3]
	//  [ 0  4  4 -4]
	//  [ 0  3  3 -3]]
}

func ExampleMaxPool2D() {
	x := tensor.From([]float32{
		1, 2, 5, 0,
		3, 4, 1, 1,
	}, 1, 2, 4, 1)
	y, from := tensor.MaxPool2D(nil, nil, x, tensor.PoolSpec{Size: tensor.Both(2)})
	fmt.Println(y.Reshape(1, 2), from)
	// Output:
	// [[4 5]] [5 2]
}

func ExampleMean() {
	images := tensor.From([]float32{1, 10, 3, 30, 5, 50, 7, 70}, 1, 2, 2, 2)
	fmt.Println(tensor.Mean(nil, images, 1, 2)) // over height and width
	// Output:
	// [[ 4 40]]
}

// A window of three pixels in a row, which moves two rows at a time, and what it makes of an image.
func ExampleShapes() {
	spec := tensor.ConvSpec{Stride: tensor.HW{H: 2, W: 1}, Pad: tensor.HW{H: 0, W: 1}}
	var shapes tensor.Shapes
	fmt.Println(shapes.Conv2D([]int{8, 32, 32, 3}, []int{1, 3, 3, 16}, spec))
	fmt.Println(shapes.MatMul([]int{8, 64}, []int{10, 64}, tensor.NT))
	// Output:
	// [8 16 32 16]
	// [8 10]
}

// Tensors and gonum matrices convert into each other, by copying.
func ExampleTensor_Dense() {
	a := tensor.From([]float32{2, 1, 1, 3}, 2, 2)
	var inverse mat.Dense
	if err := inverse.Inverse(a.Dense()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tensor.FromDense(&inverse))
	// Output:
	// [[ 0.6 -0.2]
	//  [-0.2  0.4]]
}
