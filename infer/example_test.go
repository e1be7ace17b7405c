package infer_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

func Example() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{
		nn.NewConv2D(3, 32, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng), nn.NewBatchNorm2D(32), nn.ReLU{},
		nn.GlobalAvgPool{}, nn.NewLinear(32, 64, rng),
	}
	program, err := infer.Compile(net, 16, 32, 32, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	images := tensor.New(16, 32, 32, 3)
	logits, err := program.Run(context.Background(), nil, images)
	fmt.Println(logits.Shape(), err)
	fmt.Print(program)
	// Output:
	// [16 64] <nil>
	// step           computes                way     gives       weights  mult-adds/1e6  at once    from      to
	// 0              Conv2D 3x3 3-32 + ReLU  direct  [32 32 32]      864          0.885        8       0  262144
	// globalavgpool  GlobalAvgPool                   [32]                         0.000        8  262144  262400
	// 4              Linear 32-64            direct  [64]           2048          0.002        8       0     512
	// total                                                         2912          0.887
	// 12 KB of weights, 1147 KB of workspace for at most 8 images
}
