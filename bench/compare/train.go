package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func init() { ops["train"] = prepareTrain }

// The recipe of a step, for everyone. The rate is low so that rounding errors stay small enough to
// compare losses.
const (
	rate     = 0.01
	momentum = 0.9
	decay    = 1e-4
)

// trainCases are whole steps: forward, backward and update.
func trainCases() []*Case {
	var cases []*Case
	for _, depth := range []int{20, 56, 110} {
		c := netCase(depth, 128)
		c.Name, c.Op = fmt.Sprintf("resnet%d/n128", depth), "train"
		c.Flops = 3*c.Flops - cifarLayers[0].flops(128) // nobody wants the gradient of the images
		c.Inputs = append(c.Inputs, Input{"labels", []int{128}, labels(10)})
		c.Outputs, c.Check, c.Bound = []string{"losses"}, 4, 1e-3
		cases = append(cases, c)
	}
	return cases
}

// netCase has a net of the CIFAR family, its weights and a batch of images.
func netCase(depth, batch int) *Case {
	c := &Case{
		Args: map[string]int{"depth": depth, "n": batch}, Fresh: true,
		Inputs: []Input{{"x", []int{batch, 32, 32, 3}, uniform}},
		Flops:  netFlops(depth, batch),
	}
	for _, p := range cifarNet(depth).Params() {
		c.Inputs = append(c.Inputs, Input{p.Name, p.Value.Shape(), given(p.Value.Data())})
	}
	return c
}

func cifarNet(depth int) *resnet.Net {
	net, err := resnet.New(resnet.Config{Kind: resnet.Original, Depth: depth, Classes: 10}, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		panic(err)
	}
	return net
}

// netFlops counts the convolutions of a forward pass: the rest is below 1 %.
func netFlops(depth, batch int) float64 {
	blocks := float64((depth - 2) / 6)
	stem, down := cifarLayers[0], []layer{cifarLayers[2], cifarLayers[4]}
	sum := stem.flops(batch)
	for stage, l := range []layer{cifarLayers[1], cifarLayers[3], cifarLayers[5]} {
		sum += 2 * blocks * l.flops(batch)
		if stage > 0 {
			sum += down[stage-1].flops(batch) - l.flops(batch)
		}
	}
	return sum
}

// load sets the weights to the inputs of the case.
func load(c *worker.Case, net *resnet.Net) {
	for _, p := range net.Params() {
		copy(p.Value.Data(), c.Input(p.Name))
	}
}

func prepareTrain(c *worker.Case) worker.Ready {
	net := cifarNet(c.Arg("depth"))
	load(c, net)
	x := tensor.From(c.Input("x"), c.Arg("n"), 32, 32, 3)
	var classes []int
	for _, l := range c.Input("labels") {
		classes = append(classes, int(l))
	}
	sgd := &optim.SGD{Params: net.Params(), Momentum: momentum, WeightDecay: decay}
	tape := autograd.NewTape(1)
	var losses []float32
	return worker.Ready{
		Call: func() {
			tape.Reset()
			loss := autograd.CrossEntropy(net.Forward(tape.Input(x)), classes, 0)
			losses = append(losses, loss.Value().Item())
			autograd.ZeroGrad(sgd.Params)
			tape.Backward(loss)
			sgd.Step(rate)
		},
		Outputs: func() map[string][]float32 { return map[string][]float32{"losses": losses} },
	}
}
