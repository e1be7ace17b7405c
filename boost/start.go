package boost

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// start returns F_0, the K constants that minimise the weighted loss on d.
func start(loss Loss, d Data) (*tensor.Tensor, error) {
	k := d.Y.Dim(1)
	var c []float64
	if s, ok := loss.(Starter); ok {
		c = s.Start(d)
	} else {
		c = minimiseConstant(loss, d)
	}
	out := tensor.New(k)
	for j := range k {
		if math.IsNaN(c[j]) || math.IsInf(c[j], 0) {
			return nil, fmt.Errorf("no finite constant minimises the loss: %w", ErrDiverged)
		}
		out.Data()[j] = float32(c[j])
	}
	return out, nil
}

// minimiseConstant finds argmin_c sum_i w_i l(y_i, c) from zero, by Newton steps with the diagonal of
// the Hessian, halved until the loss falls. Gradient and Hessian come from autograd. It ends where
// no step makes the float32 loss smaller, which is precise enough for a start.
func minimiseConstant(loss Loss, d Data) []float64 {
	n, k := d.Y.Dim(0), d.Y.Dim(1)
	scores := func(c []float64) *tensor.Tensor {
		row := tensor.New(1, k)
		for j, v := range c {
			row.Data()[j] = float32(v)
		}
		return tensor.BroadcastTo(nil, row, n, k)
	}
	mean := func(t *tensor.Tensor) []float64 {
		return columnMeans(Data{X: d.X, Y: t, Weight: d.Weight})
	}
	c := make([]float64, k)
	value := meanLoss(loss, scores(c), d)
	for range 100 {
		f := scores(c)
		g, h := mean(gradient(nil, loss, f, d)), mean(hessian(nil, loss, f, d))
		improved := false
		for step := 1.0; step > 1e-9 && !improved; step /= 2 {
			next := make([]float64, k)
			for j := range next {
				next[j] = c[j] - step*g[j]/max(h[j], minHessian)
			}
			if v := meanLoss(loss, scores(next), d); v < value {
				c, value, improved = next, v, true
			}
		}
		if !improved {
			break
		}
	}
	return c
}

// maxRho bounds the line search: a learner that separates the data perfectly would otherwise be
// multiplied without end.
const maxRho = 1024

// lineSearch returns the rho in [0, maxRho] that minimises phi(rho) = mean_i w_i l(y_i, F_i + rho h_i),
// by Newton's method on phi' from autograd, kept inside the interval on whose ends phi' changes sign.
// It returns 0 when h is no direction of descent. The line searches of gonum's optimize end where the descent suffices
// (Wolfe), this one at the minimum, since rho is part of the model.
func lineSearch(loss Loss, d Data, f, h *tensor.Tensor) float64 {
	tape := autograd.NewTape(0)
	slopes := func(rho float64) (first, second float64) {
		tape.Reset()
		r := tape.Input(tensor.Full(float32(rho), 1, 1))
		rows := loss.Rows(autograd.Add(autograd.Const(f), autograd.Mul(r, autograd.Const(h))), d.Y)
		if d.Weight != nil {
			rows = autograd.Mul(rows, autograd.Const(d.Weight))
		}
		g := autograd.Grad(autograd.Mean(rows), nil, r)[0]
		gg := autograd.VJP(g, nil, r)[0]
		return float64(g.Value().Item()), float64(gg.Value().Item())
	}
	first, second := slopes(0)
	if !(first < 0) {
		return 0
	}
	lo, hi, rho := 0.0, float64(maxRho), 0.0
	for range 30 {
		next := rho - first/second
		if !(second > 0) || next <= lo || next >= hi {
			next = (lo + hi) / 2
		}
		if math.Abs(next-rho) < 1e-4*next {
			return next
		}
		rho = next
		if first, second = slopes(rho); first < 0 {
			lo = rho
		} else {
			hi = rho
		}
	}
	return rho
}
