package main

import (
	"fmt"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/internal/kernel/gemm"
)

func init() { ops["gemm"] = prepareGemm }

// gemmCases are squares in all four transpositions, and the products of the models, each as it occurs in
// the forward pass (nn, or nt for linear layers), the input gradient and the weight gradient.
func gemmCases() []*Case {
	var cases []*Case
	for _, n := range []int{16, 32, 64, 128, 256, 512, 1024, 2048, 17, 100, 333, 1000} {
		for _, trans := range []string{"nn", "nt", "tn", "tt"} {
			cases = append(cases, gemmCase("square", trans, n, n, n))
		}
	}
	for _, l := range [][3]int{{128, 64, 10}, {1, 512, 1000}, {16, 2048, 1000}} {
		rows, in, out := l[0], l[1], l[2]
		cases = append(cases, gemmCase("linear", "nt", rows, out, in), gemmCase("linear", "nn", rows, in, out), gemmCase("linear", "tn", out, in, rows))
	}
	for _, l := range [][3]int{ // those without stride of ResNet-50, and one for a batch of 8
		{3136, 64, 64}, {3136, 64, 256}, {3136, 256, 64}, {3136, 256, 128}, {784, 128, 512}, {784, 512, 128}, {784, 512, 256},
		{196, 256, 1024}, {196, 1024, 256}, {196, 1024, 512}, {49, 512, 2048}, {49, 2048, 512}, {25088, 64, 256},
	} {
		pixels, in, out := l[0], l[1], l[2]
		cases = append(cases, gemmCase("conv1x1", "nn", pixels, out, in), gemmCase("conv1x1", "nt", pixels, in, out), gemmCase("conv1x1", "tn", in, out, pixels))
	}
	for _, s := range [][3]int{{1, 2048, 2048}, {2048, 1, 2048}, {1024, 1024, 1}, {1, 1, 65536}, {1, 333, 100}, {100, 1, 333}} {
		for _, trans := range []string{"nn", "nt", "tn", "tt"} {
			cases = append(cases, gemmCase("vector", trans, s[0], s[1], s[2]))
		}
	}
	return cases
}

func gemmCase(kind, trans string, m, n, k int) *Case {
	ta, tb := 0, 0
	a, b := []int{m, k}, []int{k, n}
	if trans[0] == 't' {
		ta, a = 1, []int{k, m}
	}
	if trans[1] == 't' {
		tb, b = 1, []int{n, k}
	}
	return &Case{
		Name: fmt.Sprintf("%s/%s/%dx%dx%d", kind, trans, m, n, k), Op: "gemm",
		Args:    map[string]int{"m": m, "n": n, "k": k, "ta": ta, "tb": tb},
		Inputs:  []Input{{"a", a, uniform}, {"b", b, uniform}},
		Outputs: []string{"c"}, Bound: 1e-5,
		Flops: 2 * float64(m) * float64(n) * float64(k),
		Bytes: 4 * (float64(m*k) + float64(k*n) + float64(m*n)),
	}
}

func prepareGemm(c *worker.Case) worker.Ready {
	m, n, k, ta, tb := c.Arg("m"), c.Arg("n"), c.Arg("k"), c.Arg("ta") == 1, c.Arg("tb") == 1
	a, b, dst := c.Input("a"), c.Input("b"), make([]float32, m*n)
	lda, ldb := k, n
	if ta {
		lda = m
	}
	if tb {
		ldb = k
	}
	return worker.Ready{
		Call:    func() { gemm.Mul(false, ta, tb, m, n, k, a, lda, b, ldb, dst, n) },
		Outputs: func() map[string][]float32 { return map[string][]float32{"c": dst} },
	}
}
