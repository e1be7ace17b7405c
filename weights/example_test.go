package weights_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func Example() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.safetensors")

	params := []*autograd.Param{autograd.NewParam("conv1.weight", tensor.Full(0.5, 3, 3, 1, 16))} // HWIO
	if err := weights.Save(path, &weights.File{Tensors: weights.FromParams(params)}); err != nil {
		fmt.Println(err)
		return
	}
	file, err := weights.Load(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.Tensors["conv1.weight"].Shape()) // OIHW
	fmt.Println(weights.Assign(params, file))
	// Output:
	// [16 1 3 3]
	// <nil>
}
