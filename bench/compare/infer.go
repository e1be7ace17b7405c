package main

import (
	"context"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/tensor"
)

func init() { ops["infer"], ops["int8"] = prepareInfer, prepareInt8 }

// inferCases are forward passes in evaluation mode, compiled as every peer can.
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

// int8Cases are those of the larger nets, quantised on the images that they then compute.
func int8Cases() []*Case {
	var cases []*Case
	for _, m := range imageNetModels {
		net := m.build()
		for _, n := range []int{1, 8} {
			c := m.batch(net, n)
			c.Op, c.Outputs, c.Bound = "int8", []string{"logits"}, .1 // both are that far from float32
			cases = append(cases, c)
		}
	}
	return cases
}

func prepareInfer(c *worker.Case) worker.Ready {
	net, images := loaded(c)
	program, err := infer.Compile(net, images.Shape()...)
	return readyProgram(program, err, images)
}

func prepareInt8(c *worker.Case) worker.Ready {
	net, images := loaded(c)
	program, err := infer.Quantize(context.Background(), net, images, infer.Quantization{})
	return readyProgram(program, err, images)
}

func readyProgram(program *infer.Program, err error, images *tensor.Tensor) worker.Ready {
	if err != nil {
		panic(err)
	}
	var logits *tensor.Tensor
	return worker.Ready{
		Call: func() {
			if logits, err = program.Run(context.Background(), logits, images); err != nil {
				panic(err)
			}
		},
		Outputs: func() map[string][]float32 { return map[string][]float32{"logits": logits.Data()} },
	}
}
