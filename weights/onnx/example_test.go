package onnx_test

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx"
)

// A network that PyTorch exported, by the exporter that torch.onnx.export has since version 2.5.
func Example() {
	net, err := onnx.Load("testdata/tiny_new.onnx")
	if err != nil {
		fmt.Println(err)
		return
	}
	logits := net.Forward(autograd.Const(tensor.New(2, 16, 16, 3)))
	fmt.Println(net.InputShape(), "->", logits.Shape())
	fmt.Println(nn.Count(net), "parameters")
	// Output:
	// [0 16 16 3] -> [2 5]
	// 1939 parameters
}
