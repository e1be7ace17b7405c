package main

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/bench/worker"
)

// memoryCases are the ops whose time goes into moving data. Their bytes are what must be read and
// written if nothing stays in a cache from one pass to the next: batch norm in training reads its input
// twice, once for the statistics.
func memoryCases() []*Case {
	var cases []*Case
	for _, s := range [][]int{{128, 8, 8, 64}, {128, 32, 32, 16}, {16, 56, 56, 256}, {16, 112, 112, 64}} {
		cases = append(cases,
			pointwise("relu", s, 2, 1, "x"),
			pointwise("relu-grad", s, 3, 1, "x", "g"),
			pointwise("add", s, 3, 1, "x", "z"),
			pointwise("add-relu", s, 3, 2, "x", "z"),
			normCase("batch-norm", s, 3, 5),
			normCase("batch-norm-relu", s, 3, 6),
			normCase("batch-norm-add-relu", s, 4, 7),
			normCase("batch-norm-eval-relu", s, 2, 3),
			normCase("batch-norm-grad", s, 5, 9),
			normCase("batch-norm-relu-grad", s, 5, 10), // the mask follows from x
		)
	}
	for _, s := range [][]int{{16, 112, 112, 64}, {128, 32, 32, 16}} {
		cases = append(cases, poolCase("max-pool", s), poolCase("max-pool-grad", s))
	}
	for _, s := range [][]int{{128, 8, 8, 64}, {16, 7, 7, 2048}} {
		cases = append(cases, globalPoolCase("global-avg-pool", s), globalPoolCase("global-avg-pool-grad", s))
	}
	for _, s := range [][]int{{128, 10}, {1024, 1000}, {16384, 1000}} {
		cases = append(cases, pointwise("softmax", s, 2, 4, "x"), pointwise("log-softmax", s, 2, 4, "x"))
	}
	for _, n := range []int{1 << 16, 1_730_768, 25_557_032} { // the latter two: ResNet-110, ResNet-50
		cases = append(cases, stepCase("sgd", n, 5, 6), stepCase("adam", n, 7, 12))
	}
	return cases
}

// shapeName is 128x32x32x16.
func shapeName(s []int) string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint(s), "[]"), " ", "x")
}

func product(s []int) int { return Input{Shape: s}.len() }

// memoryCase passes streams times over as many elements as s has.
func memoryCase(op string, s []int, streams, flops float64) *Case {
	n := float64(product(s))
	return &Case{Name: op + "/" + shapeName(s), Op: op, Bound: 1e-5, Copy: true, Bytes: 4 * streams * n, Flops: flops * n}
}

// imageArgs names the lengths of the axes.
func imageArgs(s []int) map[string]int {
	return map[string]int{"n": s[0], "h": s[1], "w": s[2], "c": s[3]}
}

// pointwise has inputs of the output's shape.
func pointwise(op string, s []int, streams, flops float64, inputs ...string) *Case {
	c := memoryCase(op, s, streams, flops)
	c.Outputs, c.Args = []string{"y"}, map[string]int{"n": product(s), "c": s[len(s)-1]}
	for _, name := range inputs {
		c.Inputs = append(c.Inputs, Input{name, s, uniform})
	}
	return c
}

func normCase(op string, s []int, streams, flops float64) *Case {
	c := memoryCase(op, s, streams, flops)
	row := s[3:]
	c.Args, c.Bound = imageArgs(s), 1e-4 // some sum in float32
	c.Inputs = []Input{{"x", s, uniform}, {"gamma", row, positive}, {"beta", row, uniform}}
	switch {
	case strings.HasSuffix(op, "grad"):
		c.Inputs = append(c.Inputs, Input{"g", s, uniform})
		c.Outputs, c.Bound = []string{"dx", "dgamma", "dbeta"}, 1e-2 // rounding decides some signs at 0
	case op == "batch-norm-eval-relu":
		c.Inputs = append(c.Inputs, Input{"mean", row, uniform}, Input{"variance", row, positive})
		c.Outputs = []string{"y"}
	case op == "batch-norm-add-relu":
		c.Inputs = append(c.Inputs, Input{"z", s, uniform})
		c.Outputs = []string{"y"}
	default:
		c.Outputs = []string{"y"}
	}
	return c
}

// poolCase is the pooling of the ImageNet stem: 3x3, stride 2, padding 1. Training keeps an index for
// each maximum.
func poolCase(op string, s []int) *Case {
	out := []int{s[0], (s[1]-1)/2 + 1, (s[2]-1)/2 + 1, s[3]}
	c := memoryCase(op, s, 1, 0)
	c.Args, c.Outputs = imageArgs(s), []string{"y"}
	c.Bytes += 8 * float64(product(out))
	c.Flops = 9 * float64(product(out))
	c.Inputs = []Input{{"x", s, uniform}}
	if op == "max-pool-grad" {
		c.Inputs = append(c.Inputs, Input{"g", out, uniform})
	}
	return c
}

func globalPoolCase(op string, s []int) *Case {
	c := memoryCase(op, s, 1, 1)
	c.Args, c.Outputs = imageArgs(s), []string{"y"}
	c.Inputs = []Input{{"x", s, uniform}}
	if op == "global-avg-pool-grad" {
		c.Inputs = []Input{{"g", []int{s[0], s[3]}, uniform}}
	}
	return c
}

// stepCase updates n parameters. The rate is so small that calls may go on for ever.
func stepCase(op string, n int, streams, flops float64) *Case {
	c := memoryCase(op, []int{n}, streams, flops)
	c.Args, c.Outputs, c.Check = map[string]int{"n": n}, []string{"y"}, 3
	c.Inputs = []Input{{"p", []int{n}, uniform}, {"g", []int{n}, uniform}}
	return c
}

// out is a case with an output called y.
func out(y []float32, call func()) worker.Ready {
	return worker.Ready{Call: call, Outputs: func() map[string][]float32 { return map[string][]float32{"y": y} }}
}
