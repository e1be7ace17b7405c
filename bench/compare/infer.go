package main

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/bench/worker"
)

func init() { ops["infer"] = prepareInfer }

// inferCases are forward passes in evaluation mode.
func inferCases() []*Case {
	var cases []*Case
	add := func(m model, batches ...int) {
		net := m.build()
		for _, n := range batches {
			c := m.batch(net, n)
			c.Op, c.Outputs, c.Bound = "infer", []string{"logits"}, 1e-4
			cases = append(cases, c)
		}
	}
	for _, m := range []model{cifarModels[0], cifarModels[2]} {
		add(m, 1, 128)
	}
	for _, m := range imageNetModels {
		add(m, 1, 8)
	}
	return cases
}

func prepareInfer(c *worker.Case) worker.Ready {
	net, images := loaded(c)
	x := autograd.Const(images)
	var logits []float32
	return worker.Ready{
		Call:    func() { logits = net.Forward(x).Value().Data() },
		Outputs: func() map[string][]float32 { return map[string][]float32{"logits": logits} },
	}
}
