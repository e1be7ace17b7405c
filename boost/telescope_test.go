package boost

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// costs are the multi-class BoostResNet of Huang et al. 2018, appendix F, as it is written there: scores s that h_t is
// added to, and the cost matrix C(i, l) = exp(s(i, l) - s(i, y_i)), minus the sum of these where l = y_i.
type costs struct {
	labels []int
	s, o   [][]float64 // s_t and o_t, [example][class]
	alpha  float64
	edge   float64
}

func newCosts(labels []int, k int) *costs {
	c := &costs{labels: labels}
	for range labels {
		c.s, c.o = append(c.s, make([]float64, k)), append(c.o, make([]float64, k))
	}
	return c
}

func (c *costs) step(o [][]float64) (edge, gamma, alpha, exponential float64) {
	var gained, mass float64
	for i, y := range c.labels {
		diagonal := 0.0
		for l := range c.s[i] {
			if l != y {
				cost := math.Exp(c.s[i][l] - c.s[i][y])
				gained += cost * o[i][l]
				diagonal -= cost
			}
		}
		gained += diagonal * o[i][y]
		mass -= diagonal
	}
	edge = -gained / mass
	alpha = math.Log((1+edge)/(1-edge)) / 2
	gamma = math.Sqrt((edge*edge - c.edge*c.edge) / (1 - c.edge*c.edge))
	for i, y := range c.labels {
		for l := range c.s[i] {
			c.s[i][l] += alpha*o[i][l] - c.alpha*c.o[i][l]
		}
		for l := range c.s[i] {
			if l != y {
				exponential += math.Exp(c.s[i][l]-c.s[i][y]) / float64(len(c.labels))
			}
		}
	}
	c.o, c.alpha, c.edge = o, alpha, edge
	return edge, gamma, alpha, exponential
}

// outputsOf returns softmax outputs that favour the labels the more the larger sure is, with noise that stays the same.
func outputsOf(labels []int, k int, sure float64, seed uint64) *tensor.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0))
	logits := tensor.New(len(labels), k)
	for i, y := range labels {
		for l := range k {
			logits.Set(float32(rng.NormFloat64()), i, l)
		}
		logits.Set(logits.At(i, y)+float32(sure), i, y)
	}
	return tensor.Softmax(nil, logits)
}

func rowsOf(t *tensor.Tensor) (rows [][]float64) {
	for i := range t.Dim(0) {
		var row []float64
		for l := range t.Dim(1) {
			row = append(row, float64(t.At(i, l)))
		}
		rows = append(rows, row)
	}
	return rows
}

// labelled returns n examples of k classes without inputs.
func labelled(n, k int) (d Data, labels []int) {
	d = Data{Y: tensor.New(n, k)}
	for i := range n {
		labels = append(labels, i%k)
		d.Y.Set(1, i, i%k)
	}
	return d, labels
}

func TestTelescopeIsTheAlgorithmOfThePaper(t *testing.T) {
	for _, k := range []int{2, 5} {
		d, labels := labelled(60, k)
		sum, paper := newTelescope(d), newCosts(labels, k)
		bound := 0.0
		for step := range 5 {
			o := outputsOf(labels, k, 0.3+0.4*float64(step), 1)
			edge, gamma, alpha, exponential := paper.step(rowsOf(o))
			w := sum.step(margins(o, labels))
			require.InDelta(t, edge, w.Edge, 1e-9)
			require.InDelta(t, gamma, w.Gamma, 1e-9)
			require.InDelta(t, alpha, w.Alpha, 1e-9)
			require.InDelta(t, exponential, w.Exponential, 1e-9)
			bound += gamma * gamma
			require.InDelta(t, float64(k-1)*math.Exp(-bound/2), w.Bound, 1e-9)
			require.True(t, w.Holds, "k=%d step=%d: %+v", k, step, w)
			require.LessOrEqual(t, w.Exponential, w.Bound)
		}
	}
}

// With two classes the margin is y o for o = 2 p_1 - 1 and labels y of -1 and 1, as in algorithm 1.
func TestTelescopeOfTwoClasses(t *testing.T) {
	d, labels := labelled(40, 2)
	o := outputsOf(labels, 2, 0.5, 2)
	edge, mass := 0.0, 0.0
	for i, z := range margins(o, labels) {
		y := 2*float64(labels[i]) - 1
		require.InDelta(t, y*(2*float64(o.At(i, 1))-1), z, 1e-6)
		edge += z
		mass++
	}
	require.InDelta(t, edge/mass, newTelescope(d).step(margins(o, labels)).Edge, 1e-9)
}

// Where its condition fails, the theorem says nothing, and the report says so; the exponential loss bounds the error all
// the same.
func TestWeakLearningConditionFails(t *testing.T) {
	d, labels := labelled(60, 3)
	o := func(sure float64, seed uint64) []float64 { return margins(outputsOf(labels, 3, sure, seed), labels) }
	sum := newTelescope(d)
	require.True(t, sum.step(o(1, 1)).Holds)
	worse := sum.step(o(0.5, 1))
	require.False(t, worse.Holds)
	require.Negative(t, worse.Gamma)
	require.False(t, sum.step(o(2, 1)).Holds, "a later module does not make up for it")

	adverse := newTelescope(d) // right where the module before was wrong, and the other way round
	first := o(1, 1)
	adverse.step(first)
	second := make([]float64, len(first))
	for i, z := range first {
		second[i] = 0.6 - 0.3*z
	}
	w := adverse.step(second)
	require.Positive(t, w.Covariance)
	require.False(t, w.Holds)

	wrong := newTelescope(d).step(o(-1, 1))
	require.Negative(t, wrong.Edge)
	require.False(t, wrong.Holds)
	perfect := newTelescope(d).step(o(100, 1))
	require.Less(t, perfect.Exponential, 1e-5)
	require.Less(t, perfect.Alpha, 20.0)
}

func TestTelescopeWeighsExamples(t *testing.T) {
	d, labels := labelled(60, 3)
	d.Weight = tensor.New(60)
	var kept []int
	for i := range 60 {
		if i%4 == 0 {
			d.Weight.Set(2, i)
			kept = append(kept, i)
		}
	}
	some := Data{Y: tensor.Gather(nil, d.Y, kept)}
	a, b := newTelescope(d), newTelescope(some)
	for _, sure := range []float64{0.5, 1} {
		o := outputsOf(labels, 3, sure, 1)
		few := tensor.Gather(nil, o, kept)
		x, y := a.step(margins(o, labels)), b.step(margins(few, tensor.ArgMax(some.Y)))
		require.InDelta(t, y.Edge, x.Edge, 1e-9)
		require.InDelta(t, y.Exponential, x.Exponential, 1e-9)
		require.InDelta(t, y.Covariance, x.Covariance, 1e-9)
	}
}
