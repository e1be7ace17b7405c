package main

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/tensor"
)

func init() { ops["infer"] = prepareInfer }

// inferCases are forward passes in evaluation mode.
func inferCases() []*Case {
	var cases []*Case
	for _, depth := range []int{20, 110} {
		for _, batch := range []int{1, 128} {
			c := netCase(depth, batch)
			c.Name, c.Op = fmt.Sprintf("resnet%d/n%d", depth, batch), "infer"
			c.Outputs, c.Bound = []string{"logits"}, 1e-4
			cases = append(cases, c)
		}
	}
	return cases
}

func prepareInfer(c *worker.Case) worker.Ready {
	net := cifarNet(c.Arg("depth"))
	load(c, net)
	x := autograd.Const(tensor.From(c.Input("x"), c.Arg("n"), 32, 32, 3))
	var logits []float32
	return worker.Ready{
		Call:    func() { logits = net.Forward(x).Value().Data() },
		Outputs: func() map[string][]float32 { return map[string][]float32{"logits": logits} },
	}
}
