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
		nn.NewConv2D(3, 8, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng), nn.NewBatchNorm2D(8), nn.ReLU{},
		nn.GlobalAvgPool{}, nn.NewLinear(8, 10, rng),
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
	// [16 10] <nil>
	// step           computes               way     gives      weights  mult-adds/1e6  at once   from     to
	// 0              Conv2D 3x3 3-8 + ReLU  direct  [32 32 8]      216          0.221        8      0  65536
	// globalavgpool  GlobalAvgPool                  [8]                         0.000        8  65536  65600
	// 4              Linear 8-10            direct  [10]            80          0.000        8      0     80
	// total                                                        296          0.221
	// 4 KB of weights, 360 KB of workspace for at most 8 images
}
