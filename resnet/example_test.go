package resnet_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func ExampleNew() {
	rng := rand.New(rand.NewPCG(1, 2))
	net, err := resnet.New(resnet.Config{Depth: 20, Classes: 10}, rng)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(net.Len(), "blocks,", nn.Count(net), "parameters")
	for i := range net.Len() {
		if b := net.Block(i); b.Downsamples {
			fmt.Println(b.Name, b.In, "->", b.Out)
		}
	}
	_, err = resnet.New(resnet.Config{Depth: 21, Classes: 10}, rng)
	fmt.Println(err)
	// Output:
	// 9 blocks, 269722 parameters
	// layer2.0 32x32x16 -> 16x16x32
	// layer3.0 16x16x32 -> 8x8x64
	// resnet: Config.Depth is 21: want 6n+2 (8, 14, 20, ...), or Blocks instead
}

// ResNet-50 as torchvision has it, and a pre-activation net of bottlenecks for small images.
func ExampleResNet50() {
	rng := rand.New(rand.NewPCG(1, 2))
	small := resnet.Config{Depth: 164, Bottleneck: true, Shortcut: resnet.OptionB, Classes: 10}
	for _, config := range []resnet.Config{resnet.ResNet50(1000), small} {
		net, err := resnet.New(config, rng)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(net.Config().Image, "to", net.Block(net.Len()-1).Out, "in", net.Len(), "blocks,", nn.Count(net), "parameters")
	}
	// Output:
	// 224x224x3 to 7x7x2048 in 16 blocks, 25557032 parameters
	// 32x32x3 to 8x8x256 in 54 blocks, 1703258 parameters
}

// Deleting a block leaves its skip. A whole forward pass with block 1 deleted, by hand:
func ExampleNet_Skip() {
	net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Classes: 10}, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		fmt.Println(err)
		return
	}
	y := net.Stem(autograd.Const(tensor.Full(1, 1, 32, 32, 3)))
	for i := range net.Len() {
		if i == 1 {
			y = net.Join(i, net.Skip(i, y), nil)
		} else {
			y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
		}
		fmt.Println(net.Block(i).Name, y.Shape())
	}
	fmt.Println(net.Head(y).Shape())
	// Output:
	// layer1.0 [1 32 32 4]
	// layer2.0 [1 16 16 8]
	// layer3.0 [1 8 8 16]
	// [1 10]
}
