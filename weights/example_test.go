package weights_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"

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

	model := map[string]*tensor.Tensor{"conv1.weight": tensor.Full(0.5, 3, 3, 1, 16)} // HWIO; of a module it is nn.State
	if err := weights.Save(path, &weights.File{Tensors: weights.FromState(maps.All(model))}); err != nil {
		fmt.Println(err)
		return
	}
	file, err := weights.Load(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(file.Tensors["conv1.weight"].Shape()) // OIHW
	fmt.Println(weights.Assign(maps.All(model), file))
	// Output:
	// [16 1 3 3]
	// <nil>
}
