package autograd

import (
	"math"
	"math/rand/v2"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// norms are the rows of BatchNorm in the table of ops: by the batch's statistics and by known ones, followed by
// all that may follow.
func norms() (rows []op) {
	const sum, two = "7x3,3,3,7x3 2x3x2x4,4,4,2x3x2x4", "7x3,3,3,7x3,3,3 2x3x2x4,4,4,2x3x2x4,4,4"
	add := func(v []*Var) Then { return Then{Add: v[3]} }
	addNorm := func(v []*Var) Then { return Then{AddNorm: Norm{X: v[3], Gamma: v[4], Beta: v[5], Eps: normEps}} }
	for _, c := range []struct {
		with   string
		shapes string
		then   func(v []*Var) Then
		relu   bool
		pool   bool
	}{
		{with: "alone", shapes: "7x3,3,3 2x3x2x4,4,4 3x2x2x17,17,17"},
		{with: "ReLU", shapes: "7x3,3,3 2x3x2x4,4,4 3x2x2x17,17,17", relu: true},
		{with: "sum", shapes: sum, then: add},
		{with: "sum, ReLU", shapes: sum, then: add, relu: true},
		{with: "norm", shapes: two, then: addNorm},
		{with: "norm, ReLU", shapes: two, then: addNorm, relu: true},
		{with: "pool", shapes: "2x4x5x3,3,3", pool: true},
		{with: "ReLU, pool", shapes: "2x4x5x3,3,3", relu: true, pool: true},
		{with: "sum, ReLU, pool", shapes: "2x4x5x3,3,3,2x4x5x3", then: add, relu: true, pool: true},
		{with: "norm, pool", shapes: "2x4x5x3,3,3,2x4x5x3,3,3", then: addNorm, pool: true},
	} {
		for _, known := range []bool{false, true} {
			row := op{name: "BatchNorm", with: c.with, shapes: strings.Fields(c.shapes)}
			if known {
				row.with = "known, " + c.with
			}
			if c.pool {
				row.domain = apartFromZero
			}
			row.f = func(v []*Var) *Var {
				then := Then{}
				if c.then != nil {
					then = c.then(v)
				}
				then.ReLU = c.relu
				if c.pool {
					then.MaxPool = overlapping
				}
				n := Norm{X: v[0], Gamma: v[1], Beta: v[2], Eps: normEps}
				if known {
					n.Mean, n.Variance = knownMoments(channels(v[0]))
				}
				y, _, _ := BatchNorm(n, then)
				return y
			}
			row.ref = func(a []array) array {
				xhat, _ := a[0].standardise(normEps)
				if known {
					xhat = a[0].byKnownMoments(normEps)
				}
				y := xhat.mul(a[1]).add(a[2])
				switch len(a) {
				case 4:
					y = y.add(a[3])
				case 6:
					zhat, _ := a[3].standardise(normEps)
					y = y.add(zhat.mul(a[4]).add(a[5]))
				}
				if c.relu {
					y = y.relu()
				}
				if c.pool {
					y = y.maxPool(overlapping)
				}
				return y
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// apartFromZero is apart without a gamma of 0, with which all maxima would be equal.
func apartFromZero(r *rand.Rand, x []float32) {
	apart(r, x)
	for i := range x {
		x[i] += 1.0 / 32
	}
}

// knownMoments are statistics that no batch has.
func knownMoments(c int) (mean, variance *tensor.Tensor) {
	mean, variance = tensor.New(c), tensor.New(c)
	for i := range c {
		mean.Data()[i], variance.Data()[i] = 0.25*float32(i%5-2), 0.5+0.125*float32(i%3)
	}
	return mean, variance
}

// byKnownMoments normalises by these.
func (a array) byKnownMoments(eps float64) array {
	c := a.shape[len(a.shape)-1]
	mean, variance := knownMoments(c)
	y := array{a.shape, make([]float64, len(a.data))}
	for i, v := range a.data {
		y.data[i] = (v - float64(mean.Data()[i%c])) / math.Sqrt(float64(variance.Data()[i%c])+eps)
	}
	return y
}
