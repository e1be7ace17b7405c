package data_test

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/data"
)

func ExampleLoader() {
	set, err := data.New(data.Dataset{
		Height: 1, Width: 1, Channels: 1, Classes: 2,
		Pixels: []uint8{0, 50, 100, 150, 200, 250}, Labels: []int{0, 1, 0, 1, 0, 1},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	loader, err := data.NewLoader(set, data.LoaderConfig{Batch: 4, Shuffle: true, Norm: set.Norm(), Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		for batch := range loader.Epoch(context.Background()) {
			fmt.Println(batch.X.Shape(), batch.Labels)
		}
	}
	// Output:
	// [4 1 1 1] [1 1 0 0]
	// [2 1 1 1] [1 0]
	// [4 1 1 1] [1 1 0 1]
	// [2 1 1 1] [0 0]
}
