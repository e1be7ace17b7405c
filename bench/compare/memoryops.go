package main

import (
	"math"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/tensor"
)

func init() {
	ops["relu"] = func(c *worker.Case) worker.Ready {
		x, y := c.Input("x"), like(c, "x")
		return out(y, func() { vec.ReLU(y, x) })
	}
	ops["relu-grad"] = func(c *worker.Case) worker.Ready {
		x, g, y := c.Input("x"), c.Input("g"), like(c, "x")
		return out(y, func() { vec.ReLUGrad(y, x, g) })
	}
	ops["add"] = func(c *worker.Case) worker.Ready {
		x, z, y := c.Input("x"), c.Input("z"), like(c, "x")
		return out(y, func() { vec.Add(y, x, z) })
	}
	ops["add-relu"] = func(c *worker.Case) worker.Ready {
		x, z, y := c.Input("x"), c.Input("z"), like(c, "x")
		return out(y, func() { vec.AddReLU(y, x, z) })
	}
	ops["softmax"] = func(c *worker.Case) worker.Ready {
		x, y, n := c.Input("x"), like(c, "x"), c.Arg("c")
		return out(y, func() { vec.SoftmaxRows(y, x, n) })
	}
	ops["log-softmax"] = func(c *worker.Case) worker.Ready {
		x, y, n := c.Input("x"), like(c, "x"), c.Arg("c")
		return out(y, func() { vec.LogSoftmaxRows(y, x, n) })
	}
	ops["sgd"] = func(c *worker.Case) worker.Ready {
		p, g, m := c.Input("p"), c.Input("g"), like(c, "p")
		return out(p, func() { vec.SGDStep(p, g, m, 1e-6, 0.9, 1e-4, true) })
	}
	ops["adam"] = func(c *worker.Case) worker.Ready {
		p, g, m, v := c.Input("p"), c.Input("g"), like(c, "p"), like(c, "p")
		step := 0
		return out(p, func() {
			step++
			vec.AdamStep(p, g, m, v, 1e-6, 0.9, 0.999, 1e-8, 0, false, step)
		})
	}
	ops["max-pool"] = func(c *worker.Case) worker.Ready {
		x, y, index := maxPool(c)
		return out(y.Data(), func() { tensor.MaxPool2D(y, index, x, poolSpec) })
	}
	ops["max-pool-grad"] = func(c *worker.Case) worker.Ready {
		x, y, index := maxPool(c)
		dx, g := tensor.New(x.Shape()...), tensor.From(c.Input("g"), y.Shape()...)
		return out(dx.Data(), func() { tensor.MaxPool2DGrad(dx, g, index, x.Shape(), poolSpec) })
	}
	ops["global-avg-pool"] = func(c *worker.Case) worker.Ready {
		x := image(c, "x")
		y := tensor.New(x.Dim(0), x.Dim(3))
		return out(y.Data(), func() { tensor.GlobalAvgPool(y, x) })
	}
	ops["global-avg-pool-grad"] = func(c *worker.Case) worker.Ready {
		dx := tensor.New(c.Arg("n"), c.Arg("h"), c.Arg("w"), c.Arg("c"))
		g := tensor.From(c.Input("g"), dx.Dim(0), dx.Dim(3))
		return out(dx.Data(), func() { tensor.GlobalAvgPoolGrad(dx, g, dx.Shape()) })
	}
	for _, op := range []string{"batch-norm", "batch-norm-relu", "batch-norm-add-relu", "batch-norm-eval-relu"} {
		ops[op] = func(c *worker.Case) worker.Ready { return batchNorm(c, op) }
	}
	ops["batch-norm-grad"] = func(c *worker.Case) worker.Ready { return batchNormGrad(c, false) }
	ops["batch-norm-relu-grad"] = func(c *worker.Case) worker.Ready { return batchNormGrad(c, true) }
}

// like returns zeros for as many elements as an input has.
func like(c *worker.Case, name string) []float32 { return make([]float32, len(c.Input(name))) }

func image(c *worker.Case, name string) *tensor.Tensor {
	return tensor.From(c.Input(name), c.Arg("n"), c.Arg("h"), c.Arg("w"), c.Arg("c"))
}

var poolSpec = tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}

func maxPool(c *worker.Case) (x, y *tensor.Tensor, index []int32) {
	x = image(c, "x")
	y, index = tensor.MaxPool2D(nil, nil, x, poolSpec)
	return x, y, index
}

// normState is what batch norm keeps for each channel.
type normState struct {
	vec.Norm
	gamma, beta, variance []float32
}

func newNormState(c *worker.Case) *normState {
	row := func() []float32 { return make([]float32, c.Arg("c")) }
	return &normState{vec.Norm{Mean: row(), MeanLow: row(), InvStd: row(), Scale: row(), Shift: row()}, c.Input("gamma"), c.Input("beta"), row()}
}

// affine turns statistics into y = (x - mean)*scale + shift.
func (s *normState) affine() {
	for i, r := range s.InvStd {
		s.Scale[i] = s.gamma[i] * r
		s.Shift[i] = s.beta[i] - s.MeanLow[i]*s.Scale[i]
	}
}

// normEps is the epsilon of every peer.
const normEps = 1e-5

func batchNorm(c *worker.Case, op string) worker.Ready {
	s, x, y := newNormState(c), c.Input("x"), like(c, "x")
	switch op {
	case "batch-norm-eval-relu":
		s.Mean, s.variance = c.Input("mean"), c.Input("variance")
		return out(y, func() {
			for i, v := range s.variance {
				s.InvStd[i] = float32(1 / math.Sqrt(float64(v)+normEps))
			}
			s.affine()
			vec.ScaleShiftRows(y, x, s.Mean, s.Scale, s.Shift, true)
		})
	case "batch-norm-add-relu":
		z := c.Input("z")
		return out(y, func() {
			vec.BatchNormStats(s.Norm, s.variance, x, normEps)
			s.affine()
			vec.ScaleShiftAddRows(y, x, s.Mean, s.Scale, s.Shift, z, true)
		})
	}
	return out(y, func() {
		vec.BatchNormStats(s.Norm, s.variance, x, normEps)
		s.affine()
		vec.ScaleShiftRows(y, x, s.Mean, s.Scale, s.Shift, op == "batch-norm-relu")
	})
}

func batchNormGrad(c *worker.Case, relu bool) worker.Ready {
	s, x, g, dx := newNormState(c), c.Input("x"), c.Input("g"), like(c, "x")
	vec.BatchNormStats(s.Norm, s.variance, x, normEps)
	s.affine()
	if !relu {
		s.Scale, s.Shift = nil, nil
	}
	dbeta, dgamma := like(c, "beta"), like(c, "beta")
	call := func() {
		vec.BatchNormGradSums(dbeta, dgamma, x, g, s.Norm)
		vec.BatchNormInputGrad(dx, x, g, s.Norm, s.gamma, dbeta, dgamma)
	}
	return worker.Ready{Call: call, Outputs: func() map[string][]float32 {
		return map[string][]float32{"dx": dx, "dgamma": dgamma, "dbeta": dbeta}
	}}
}
