package residuum_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel"
)

// A net is built by resnet, may be trained by train, and is taken apart by unravel: here each of its blocks is
// deleted in turn, and the net tested without it.
func Example() {
	config := resnet.Config{Depth: 8, Width: 4, Image: resnet.Shape{Height: 16, Width: 16, Channels: 1}, Classes: 2}
	net, err := resnet.New(config, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	images, labels := tensor.Full(0.5, 2, 16, 16, 1), []int{0, 1}
	study, err := unravel.NewStudy(net, []data.Batch{{X: images, Labels: labels}}, unravel.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	scores, err := study.Evaluate(context.Background(), unravel.DeleteEach(net))
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, s := range scores {
		fmt.Printf("without block %d: %d of %d right\n", i, s.Correct, s.Examples)
	}
	// Output:
	// without block 0: 1 of 2 right
	// without block 1: 1 of 2 right
	// without block 2: 1 of 2 right
}
