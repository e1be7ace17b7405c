package graph_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

func Example() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{
		nn.NewConv2D(3, 8, tensor.Both(3), tensor.ConvSpec{Pad: tensor.Both(1)}, rng),
		nn.NewBatchNorm2D(8), nn.ReLU{}, nn.GlobalAvgPool{}, nn.NewLinear(8, 10, rng),
	}
	g, err := graph.Trace(net, 16, 16, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(g)
	// Output:
	// node           op             gives        parameters  mult-adds/1e6
	// input          Input          [N 16 16 3]           0          0.000
	// 0              Conv2D         [N 16 16 8]         216          0.055
	// 1              BatchNorm      [N 16 16 8]          16          0.000
	// relu           ReLU           [N 16 16 8]           0          0.000
	// globalavgpool  GlobalAvgPool  [N 8]                 0          0.000
	// 4              MatMul         [N 10]               80          0.000
	// add            Add            [N 10]               10          0.000
	// total                         [N 10]              322          0.055
}
