package autograd

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// Where a net is sure of a label, its probability is 1 in float32, in float64 too beyond 37, and the loss and all
// its derivatives are what is missing from 1. The numbers here are compared in proportion to
// themselves, with the definitions in 1200 bits.

const sureBits = 1200

// sureRows have a row's maximum that dominates, more than one, or a range beyond float32's.
func sureRows() [][]float32 {
	rows := [][]float32{
		{20, 0, 1}, {0, 60, 1, -3, 5}, {88, -88, 0}, {-30, 5, 5, -30}, {17, 17, 17}, {0.5, -0.25}, {1e30, 1e30, -1e30},
		{-3e38, 3e38, 0}, {-3e38, 3e38, 3e38}, {4}, {1e-3, 0},
	}
	r := rand.New(rand.NewPCG(3, 5))
	for _, k := range []int{2, 3, 10, 100} {
		for _, size := range []float64{1e-3, 1, 10, 40} {
			row := make([]float32, k)
			for j := range row {
				row[j] = float32(size * r.NormFloat64())
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func TestLossesHaveDigitsWhereTheyAreSure(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, row := range sureRows() {
			k := len(row)
			p, logp := bigSoftmax(row)
			for label := range min(k, 4) {
				for _, smoothing := range []float32{0, 0.1, 1} {
					on, rest := targetOf(smoothing, k)
					target := make([]*big.Float, k)
					for j := range target {
						target[j] = rest
					}
					target[label] = on
					requireSure(t, row, p, logp, target, func(x *Var) *Var { return CrossEntropy(x, []int{label}, smoothing) },
						"label %d, smoothing %v", label, smoothing)
				}
			}
			for seed := range uint64(3) {
				soft := softTarget(seed, k)
				target := make([]*big.Float, k)
				for j, v := range soft.Data() {
					target[j] = bigOf(float64(v))
				}
				requireSure(t, row, p, logp, target, func(x *Var) *Var { return SoftCrossEntropy(x, soft) }, "targets %v", soft)
			}
		}
	})
}

// requireSure compares loss, gradient and the product of the Hessian with a vector.
func requireSure(t *testing.T, row []float32, p, logp, target []*big.Float, loss func(x *Var) *Var, what string, args ...any) {
	t.Helper()
	what = fmt.Sprintf("logits %v, ", row) + fmt.Sprintf(what, args...)
	x := NewTape(1).Input(tensor.From(row, 1, len(row)))
	l := loss(x)
	value, total := bigOf(0), bigOf(0)
	for j, y := range target {
		value.Sub(value, times(y, logp[j]))
		total.Add(total, y)
	}
	requireDigits(t, value, l.Value().Data()[0], 2e-7, what+": value")

	g := Grad(l, nil, x)[0]
	h := vector(directionOf(len(row))...)
	hv := VJP(g, Const(h.Reshape(1, -1)), x)[0].Value().Data()
	mean := bigDot(p, h.Data())
	for j := range row {
		grad := new(big.Float).Sub(times(p[j], total), target[j])
		requireDigits(t, grad, g.Value().Data()[j], 2e-7, what+": gradient %d", j)
		hess := times(times(p[j], total), new(big.Float).Sub(bigOf(float64(h.Data()[j])), mean))
		requireDigits(t, hess, hv[j], 1e-5, what+": Hessian %d", j) // p in float32 is e to a rounded number
	}
}

func TestGradientsOfSoftmaxHaveDigitsWhereItIsSure(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, row := range sureRows() {
			p, _ := bigSoftmax(row)
			x := NewTape(1).Input(tensor.From(row, len(row)))
			g := vector(directionOf(len(row))...)
			soft := VJP(Softmax(x, -1), Const(g), x)[0].Value().Data()
			log := VJP(LogSoftmax(x, -1), Const(g), x)[0].Value().Data()
			mean, sum := bigDot(p, g.Data()), bigOf(0)
			for _, v := range g.Data() {
				sum.Add(sum, bigOf(float64(v)))
			}
			for j, v := range g.Data() {
				want := times(p[j], new(big.Float).Sub(bigOf(float64(v)), mean))
				requireDigits(t, want, soft[j], 1e-5, "softmax of %v, element %d", row, j)
				want = new(big.Float).Sub(bigOf(float64(v)), times(p[j], sum))
				requireDigits(t, want, log[j], 2e-7, "log softmax of %v, element %d", row, j)
			}
		}
	})
}

func TestGradientsOfSaturatedSigmoids(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, a := range []float64{0, 0.5, 3, 10, 20, 40, -0.5, -3, -10, -20, -40} {
			x := NewTape(1).Input(tensor.Full(float32(a), 1))
			e := math.Exp(-math.Abs(a))
			first := e / ((1 + e) * (1 + e))
			second := math.Copysign(first*(1-e)/(1+e), -a)
			g := Grad(Sigmoid(x), nil, x)[0]
			require.InEpsilon(t, first, g.Value().At(0), 3e-6, "sigmoid'(%v)", a)
			require.InDelta(t, second, VJP(g, nil, x)[0].Value().At(0), 3e-6*first, "sigmoid''(%v)", a)

			e *= e
			first = 4 * e / ((1 + e) * (1 + e))
			second = math.Copysign(2*first*(1-e)/(1+e), -a)
			g = Grad(Tanh(x), nil, x)[0]
			require.InEpsilon(t, first, g.Value().At(0), 6e-6, "tanh'(%v)", a)
			require.InDelta(t, second, VJP(g, nil, x)[0].Value().At(0), 12e-6*first, "tanh''(%v)", a)
		}
	})
}

func targetOf(smoothing float32, k int) (on, rest *big.Float) {
	rest = new(big.Float).Quo(bigOf(float64(smoothing)), bigOf(float64(k)))
	on = new(big.Float).Sub(bigOf(1), bigOf(float64(smoothing)))
	return on.Add(on, rest), rest
}

// softTarget returns a row of several numbers, zeros and all but one among them.
func softTarget(seed uint64, k int) *tensor.Tensor {
	r := rand.New(rand.NewPCG(seed, 1))
	t := tensor.New(1, k)
	for j := range t.Data() {
		if seed == 0 || r.IntN(3) > 0 {
			t.Data()[j] = float32(math.Exp(6 * r.NormFloat64()))
		}
	}
	t.Data()[r.IntN(k)]++
	return tensor.Scale(t, t, 1/tensor.Sum(nil, t).Item())
}

func directionOf(k int) []float32 {
	r := rand.New(rand.NewPCG(7, uint64(k)))
	d := make([]float32, k)
	normal(r, d)
	return d
}

// requireDigits fails unless got is want but for tol of want itself, or for the spacing of the smallest float32.
func requireDigits(t *testing.T, want *big.Float, got float32, tol float64, what string, args ...any) {
	t.Helper()
	w, _ := want.Float64()
	if math.Abs(w) > math.MaxFloat32 && float64(got) == math.Copysign(math.Inf(1), w) {
		return
	}
	require.InDelta(t, w, float64(got), tol*math.Abs(w)+2*math.SmallestNonzeroFloat32, what, args)
}

func bigOf(v float64) *big.Float { return new(big.Float).SetPrec(sureBits).SetFloat64(v) }

func times(a, b *big.Float) *big.Float { return new(big.Float).Mul(a, b) }

func bigDot(p []*big.Float, h []float32) *big.Float {
	sum := bigOf(0)
	for j, v := range h {
		sum.Add(sum, times(p[j], bigOf(float64(v))))
	}
	return sum
}

// bigSoftmax returns softmax and log softmax by their definitions.
func bigSoftmax(row []float32) (p, logp []*big.Float) {
	top := slices.Index(row, slices.Max(row))
	others, diff := bigOf(0), make([]*big.Float, len(row))
	for j, v := range row {
		diff[j] = new(big.Float).Sub(bigOf(float64(v)), bigOf(float64(row[top])))
		p = append(p, bigExp(diff[j]))
		if j != top {
			others.Add(others, p[j])
		}
	}
	sum := new(big.Float).Add(others, bigOf(1))
	rest, _ := others.Float64()
	for j := range row {
		p[j].Quo(p[j], sum)
		logp = append(logp, diff[j].Sub(diff[j], bigOf(math.Log1p(rest))))
	}
	return p, logp
}

// bigExp returns e^x for x <= 0: the square of the square ... of a series.
func bigExp(x *big.Float) *big.Float {
	if x.Cmp(bigOf(-1e4)) < 0 {
		return bigOf(0)
	}
	const halvings = 40
	x = new(big.Float).SetMantExp(x, -halvings)
	term, sum := bigOf(1), bigOf(1)
	for n := 1; n < 50; n++ {
		term.Mul(term, x)
		term.Quo(term, bigOf(float64(n)))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	return sum
}
