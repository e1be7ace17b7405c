package onnx_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
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

// A net is written for other programs and read again.
func ExampleSave() {
	net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Classes: 10}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "onnx")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.onnx")
	if err := onnx.Save(path, net, 32, 32, 3); err != nil { // for images of 32x32 pixels and 3 colours
		fmt.Println(err)
		return
	}
	again, err := onnx.Load(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.InputShape(), nn.Count(again), "of", nn.Count(net), "parameters")
	// Output:
	// [0 32 32 3] 5006 of 5006 parameters
}
