package data_test

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/data"
)

func ExampleLoader() {
	pixels := []uint8{0, 50, 100, 150, 200, 250}
	set, err := data.New(pixels, []int{0, 1, 0, 1, 0, 1}, 1, 1, 1, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	loader := data.NewLoader(set, data.LoaderConfig{Batch: 4, Shuffle: true, Norm: set.Norm(), Seed: 1})
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
