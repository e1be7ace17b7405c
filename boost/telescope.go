package boost

import (
	"math"

	"github.com/residuum-go/residuum/tensor"
)

// telescope follows the telescoping sum of BoostResNet on the training set. Of K classes it looks at the pairs of an
// example i and a class l other than its label, and at the margin
//
//	z_t(i, l) = o_t(x_i)[y_i] - o_t(x_i)[l]
//
// in [-1, 1]. With two classes there is one pair for each example and its margin is the paper's y_i o_t(x_i); with more,
// sums over pairs are those over the cost matrix C_t of the paper's multi-class algorithm (appendix F), whose entries are
// exp(-alpha_t z_t(i, l)) up to a factor: the h before t sum to alpha_t o_t.
type telescope struct {
	weight  []float64 // of each pair: that of its example
	total   float64   // of all examples
	classes int
	margin  []float64 // z_t of each pair, 0 for t = 0
	alpha   float64   // alpha_t, 0 for t = 0
	edge    float64   // gt_t, 0 for t = 0
	sum     float64   // of gamma^2 so far
	weak    bool      // whether the weak learning condition has held in all steps
}

func newTelescope(d Data) *telescope {
	n, k := d.Y.Dim(0), d.Y.Dim(1)
	t := &telescope{classes: k, margin: make([]float64, n*(k-1)), weak: true}
	for i := range n {
		t.total += d.rowWeight(i)
		for range k - 1 {
			t.weight = append(t.weight, d.rowWeight(i))
		}
	}
	return t
}

// margins returns z of outputs in [0, 1], [N, K].
func margins(outputs *tensor.Tensor, labels []int) []float64 {
	k := outputs.Dim(1)
	z := make([]float64, 0, len(labels)*(k-1))
	for i, y := range labels {
		row := outputs.Data()[i*k : (i+1)*k]
		for l, v := range row {
			if l != y {
				z = append(z, float64(row[y])-float64(v))
			}
		}
	}
	return z
}

// mostEdge bounds edges, so that alphas are finite.
const mostEdge = 1 - 1e-12

// step takes z_{t+1} and says what Huang et al. know of weak module classifier h_t.
func (t *telescope) step(z []float64) Weak {
	// With D_t ~ w exp(-alpha_t z_t), expectations over D_t and over D_0 ~ w.
	var mass, edge, down float64
	for i, w := range t.weight {
		d := w * math.Exp(-t.alpha*t.margin[i])
		mass += d
		edge += d * z[i]
	}
	edge = min(max(edge/mass, -mostEdge), mostEdge)
	alpha := math.Atanh(edge)
	var after, whole float64 // exp(-alpha_{t+1} z_{t+1}) over D_t and over D_0
	for i, w := range t.weight {
		e := math.Exp(-alpha * z[i])
		after += w * math.Exp(-t.alpha*t.margin[i]) * e
		whole += w * e
		down += w
	}
	after, whole = after/mass, whole/down
	back := down / mass // exp(alpha_t z_t) over D_t
	gain := (edge*edge - t.edge*t.edge) / (1 - t.edge*t.edge)
	w := Weak{Edge: edge, Alpha: alpha, Covariance: whole*back - after*back, Gamma: math.Copysign(math.Sqrt(math.Abs(gain)), gain)}
	t.sum += gain
	t.weak = t.weak && edge > 0 && gain > 0 && w.Covariance <= 0
	pairs := float64(t.classes - 1)
	w.Holds, w.Exponential, w.Bound = t.weak, pairs*whole, pairs*math.Exp(-t.sum/2)
	t.margin, t.alpha, t.edge = z, alpha, edge
	return w
}
