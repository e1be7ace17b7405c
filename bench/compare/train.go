package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/nn"
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

// model is a net to measure: the CIFAR family by depth, ResNet-18 and -50 for ImageNet.
type model struct {
	depth int
	side  int // of the images, 32 for CIFAR
}

var (
	cifarModels    = []model{{20, 32}, {56, 32}, {110, 32}}
	imageNetModels = []model{{18, 224}, {50, 224}}
)

func (m model) config() resnet.Config {
	switch {
	case m.side == 32:
		return resnet.Config{Kind: resnet.Original, Depth: m.depth, Classes: 10}
	case m.depth == 18:
		return resnet.ResNet18(1000)
	}
	return resnet.ResNet50(1000)
}

func (m model) build() *resnet.Net {
	net, err := resnet.New(m.config(), rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		panic(err)
	}
	return net
}

// trainCases are whole steps: forward, backward and update.
func trainCases() []*Case {
	var cases []*Case
	add := func(m model, batch, check int, bound float64) {
		net := m.build()
		c := m.batch(net, batch)
		c.Op, c.Flops = "train", 3*c.Flops-stemFlops(net, batch) // nobody wants the gradient of the images
		c.Inputs = append(c.Inputs, Input{"labels", []int{batch}, labels(net.Config().Classes)})
		c.Outputs, c.Check, c.Bound = []string{"losses"}, check, bound
		cases = append(cases, c)
	}
	for _, m := range cifarModels {
		check := 4
		if m.depth == 110 {
			check = 3 // the fourth loss of PyTorch in its two layouts differs by 2.2e-3, the third by 1.0e-3
		}
		add(m, 128, check, 1e-3)
	}
	for _, m := range imageNetModels {
		// The first step takes a fifth off ResNet-50's loss, and rounding errors grow as fast: the second loss of
		// PyTorch in its two layouts differs by 1.5e-3, the third by 7e-3.
		add(m, 16, 2, 5e-3)
	}
	return cases
}

// batch has a net, its weights and a batch of images.
func (m model) batch(net *resnet.Net, n int) *Case {
	c := &Case{
		Name: fmt.Sprintf("resnet%d/n%d", m.depth, n),
		Args: map[string]int{"depth": m.depth, "side": m.side, "classes": net.Config().Classes, "n": n}, Fresh: true,
		Inputs: []Input{{"x", []int{n, m.side, m.side, 3}, uniform}},
		Flops:  2 * float64(n) * float64(net.MultiplyAdds()),
	}
	for name, t := range nn.State(net) {
		c.Inputs = append(c.Inputs, Input{name, t.Shape(), given(t.Data())})
	}
	return c
}

// stemFlops counts the first convolution.
func stemFlops(net *resnet.Net, n int) float64 {
	c := net.Config()
	l := layer{c.StemSize, c.Image.Channels, c.Width, c.Image.Height, c.StemStride, 0}
	return l.flops(n)
}

// loaded returns the net of a case with its weights, and its images.
func loaded(c *worker.Case) (*resnet.Net, *tensor.Tensor) {
	m := model{c.Arg("depth"), c.Arg("side")}
	net := m.build()
	for name, t := range nn.State(net) {
		copy(t.Data(), c.Input(name))
	}
	return net, tensor.From(c.Input("x"), c.Arg("n"), m.side, m.side, 3)
}

func prepareTrain(c *worker.Case) worker.Ready {
	net, x := loaded(c)
	var classes []int
	for _, l := range c.Input("labels") {
		classes = append(classes, int(l))
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: momentum, WeightDecay: decay})
	if err != nil {
		panic(err)
	}
	tape := autograd.NewTape(1)
	var losses []float32
	return worker.Ready{
		Call: func() {
			tape.Reset()
			loss := autograd.CrossEntropy(net.Forward(tape.Input(x)), classes, 0)
			losses = append(losses, loss.Value().Item())
			autograd.ZeroGrad(sgd.Params())
			tape.Backward(loss)
			sgd.Step(rate)
		},
		Outputs: func() map[string][]float32 { return map[string][]float32{"losses": losses} },
	}
}
