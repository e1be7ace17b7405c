package boost

import (
	"cmp"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// Quantile is the pinball loss l(y, F) = sum_k max(a r_k, (a - 1) r_k) with r = y - F, whose minimum is the quantile a of
// real targets (Koenker, Bassett 1978, "Regression quantiles").
type Quantile struct {
	Level float64 // a in (0, 1); 0 means 0.5
}

func (q Quantile) level() float64 { return cmp.Or(q.Level, 0.5) }

// Check accepts every finite target.
func (q Quantile) Check(*tensor.Tensor) error {
	return demand.All("boost.Quantile",
		demand.That(q.level() > 0 && q.level() < 1, "Level", q.Level, "want a share in (0, 1), or 0 for 0.5"))
}

// Rows implements Loss: the loss is |r|/2 + (a - 1/2) r.
func (q Quantile) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	r := autograd.Sub(autograd.Const(y), f)
	return autograd.Sum(autograd.Add(autograd.Scale(autograd.Abs(r), 0.5), autograd.Scale(r, float32(q.level()-0.5))), 1)
}

// Start returns the weighted quantiles of the targets.
func (q Quantile) Start(d Data) []float64 { return columnQuantiles(d, q.level()) }

// Robust implements Robust.
func (Quantile) Robust() {}

// AbsoluteError is l(y, F) = sum_k |y_k - F_k|, for real targets, whose minimum is the median.
type AbsoluteError struct{}

// Check accepts every finite target.
func (AbsoluteError) Check(*tensor.Tensor) error { return nil }

// Rows implements Loss.
func (AbsoluteError) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return autograd.Sum(autograd.Abs(autograd.Sub(f, autograd.Const(y))), 1)
}

// Start returns the weighted medians of the targets.
func (AbsoluteError) Start(d Data) []float64 { return columnQuantiles(d, 0.5) }

// Robust implements Robust.
func (AbsoluteError) Robust() {}

// Huber is l(y, F) = sum_k r_k^2/2 where |r_k| <= Delta, else Delta (|r_k| - Delta/2), with r = y - F for real targets
// (Huber 1964, "Robust estimation of a location parameter").
type Huber struct {
	Delta float64 // 0 means 1
}

func (h Huber) delta() float64 { return cmp.Or(h.Delta, 1) }

// Check accepts every finite target.
func (h Huber) Check(*tensor.Tensor) error {
	return demand.All("boost.Huber",
		demand.That(h.delta() > 0 && h.delta() <= math.MaxFloat32, "Delta", h.Delta, "want a positive number, or 0 for 1"))
}

// Rows implements Loss: with c = r clipped to Delta the loss is c (r - c/2).
func (h Huber) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	r, delta := autograd.Sub(autograd.Const(y), f), float32(h.delta())
	c := autograd.Clip(r, -delta, delta)
	return autograd.Sum(autograd.Mul(c, autograd.Sub(r, autograd.Scale(c, 0.5))), 1)
}

// Start returns the constants of least loss, by means weighted with min(1, Delta/|r|), from the median on.
func (h Huber) Start(d Data) []float64 {
	k, out := d.Y.Dim(1), columnQuantiles(d, 0.5)
	for j := range out {
		for range 200 {
			sum, total := 0.0, 0.0
			for i := range d.Y.Dim(0) {
				y := float64(d.Y.Data()[i*k+j])
				w := d.rowWeight(i) * min(1, h.delta()/max(math.Abs(y-out[j]), math.SmallestNonzeroFloat64))
				sum, total = sum+w*y, total+w
			}
			before := out[j]
			if out[j] = sum / total; math.Abs(out[j]-before) <= 1e-9*h.delta() {
				break
			}
		}
	}
	return out
}

// Robust implements Robust.
func (Huber) Robust() {}

// columnQuantiles returns for each column of the targets the least that has this share of the weight at or below it.
func columnQuantiles(d Data, share float64) []float64 {
	n, k := d.Y.Dim(0), d.Y.Dim(1)
	out, rows, total := make([]float64, k), make([]int, n), 0.0
	for i := range rows {
		rows[i] = i
		total += d.rowWeight(i)
	}
	for j := range out {
		slices.SortFunc(rows, func(a, b int) int { return cmp.Compare(d.Y.Data()[a*k+j], d.Y.Data()[b*k+j]) })
		sum := 0.0
		for _, i := range rows {
			out[j] = float64(d.Y.Data()[i*k+j])
			if sum += d.rowWeight(i); sum >= share*total {
				break
			}
		}
	}
	return out
}
