package boost

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// RandomFeatures makes perceptrons h(x) = B tanh(A x + a) + b on flattened inputs whose hidden layer is drawn and stays as
// it is: B and b are fitted in closed form, by ridge regression. Their features are the hidden layer. With
// [FitRepresentation] they make RFRBoost.
type RandomFeatures struct {
	Width int     // of the hidden layer
	Scale float64 // standard deviation of A x + a for an x with elements of variance 1 [1]
	L2    float64 // lambda of mean_i |target_i - h(x_i)|^2 + lambda |B|^2 [1e-3]
}

func (r RandomFeatures) withDefaults() (RandomFeatures, error) {
	r.Scale, r.L2 = cmp.Or(r.Scale, 1), cmp.Or(r.L2, 1e-3)
	return r, demand.All("boost.RandomFeatures",
		demand.That(r.Width >= 1, "Width", r.Width, "want at least 1 unit"),
		demand.That(r.Scale > 0 && r.Scale <= 1e6, "Scale", r.Scale, "want a positive number, or 0 for 1"),
		demand.That(r.L2 > 0 && r.L2 <= math.MaxFloat32, "L2", r.L2, "want a positive number, or 0 for 1e-3"))
}

// New implements Learner.
func (r RandomFeatures) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	r, err := r.withDefaults()
	if err != nil {
		return nil, err
	}
	body := nn.NewLinear(in.Width(), r.Width, rng)
	for _, p := range nn.Params(body) {
		for i := range p.Value.Data() {
			p.Value.Data()[i] = float32(r.Scale * math.Sqrt(0.5) * rng.NormFloat64())
		}
		p.Frozen = true
	}
	tensor.Scale(body.Weight.Value, body.Weight.Value, float32(math.Sqrt(1/float64(in.Width()))))
	return &ridgeNet{net: newNet(squashed{body}, r.Width, outputs, Training{}, rng), l2: r.L2}, nil
}

// squashed is tanh(A x + a) of flattened rows.
type squashed struct{ *nn.Linear }

// Forward implements nn.Module.
func (s squashed) Forward(x *autograd.Var) *autograd.Var {
	return autograd.Tanh(s.Linear.Forward(nn.Flatten{}.Forward(x)))
}

// ridgeNet is a net of which the output alone is fitted, by ridge regression.
type ridgeNet struct {
	*net
	l2     float64
	scaled bool // whether it is that of features of variance one
}

// Fit implements Hypothesis.
func (r *ridgeNet) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	if err := cancelled.Err(ctx); err != nil {
		return err
	}
	features := r.Features(autograd.Const(x)).Value()
	n, k := target.Dim(0), target.Dim(1)
	for lo := 0; lo < k; { // columns of equal weights have one Gram matrix
		hi := lo + 1
		for hi < k && sameColumns(weight, lo, hi) {
			hi++
		}
		rows := tensor.New(n)
		for i := range n {
			rows.Data()[i] = 1
			if weight != nil {
				rows.Data()[i] = weight.At(i, lo)
			}
		}
		s := newLeastSquares(features, columns(target, lo, hi), rows)
		if r.scaled {
			s.write(r.output, s.scaledRidge(r.l2), lo)
		} else {
			s.write(r.output, s.ridge(r.l2), lo)
		}
		lo = hi
	}
	return finite("weights of a ridge regression", r.output.Weight.Value, ErrDiverged)
}

func sameColumns(t *tensor.Tensor, a, b int) bool {
	if t == nil {
		return true
	}
	for i := range t.Dim(0) {
		if t.At(i, a) != t.At(i, b) {
			return false
		}
	}
	return true
}

func columns(t *tensor.Tensor, lo, hi int) *tensor.Tensor {
	return autograd.SliceAxis(autograd.Const(t), 1, lo, hi).Value()
}

// leastSquares is a linear regression of targets [N, K] on features [N, p], with an intercept: means are taken off.
type leastSquares struct {
	featureMean, targetMean []float64
	gram                    *mat.SymDense // weighted mean of f f^T, [p, p]
	cross                   *mat.Dense    // weighted mean of f target^T, [p, K]
}

// newLeastSquares sums over rows in float32, as products of matrices, what it solves in float64.
func newLeastSquares(features, target, weight *tensor.Tensor) *leastSquares {
	share := tensor.Scale(nil, weight, 1/float32(tensor.Sum(nil, weight).Item())).Reshape(weight.Len(), 1)
	s := &leastSquares{}
	var f, t *tensor.Tensor
	f, s.featureMean = centre(features, share)
	t, s.targetMean = centre(target, share)
	weighted := tensor.Mul(nil, f, share)
	gram, cross := tensor.MatMul(nil, weighted, f, tensor.TN), tensor.MatMul(nil, weighted, t, tensor.TN)
	p, k := gram.Dim(0), cross.Dim(1)
	s.gram, s.cross = mat.NewSymDense(p, nil), mat.NewDense(p, k, nil)
	for i := range p {
		for j := i; j < p; j++ {
			s.gram.SetSym(i, j, (float64(gram.At(i, j))+float64(gram.At(j, i)))/2)
		}
		for j := range k {
			s.cross.Set(i, j, float64(cross.At(i, j)))
		}
	}
	return s
}

// centre returns t without the means of its columns, and these. Shares of rows are [N, 1].
func centre(t, share *tensor.Tensor) (*tensor.Tensor, []float64) {
	mean := tensor.MatMul(nil, share, t, tensor.TN)
	out := make([]float64, mean.Len())
	for i, v := range mean.Data() {
		out[i] = float64(v)
	}
	return tensor.Sub(nil, t, mean), out
}

// solve returns (scale G + lambda 1)^-1 right, with G the Gram matrix; it is NaN if lambda is less than what float32 leaves
// of that.
func (s *leastSquares) solve(scale, l2 float64, right mat.Matrix) *mat.Dense {
	p := s.gram.SymmetricDim()
	a := mat.NewSymDense(p, nil)
	a.ScaleSym(scale, s.gram)
	for i := range p {
		a.SetSym(i, i, a.At(i, i)+l2)
	}
	var c mat.Cholesky
	var x mat.Dense
	if !c.Factorize(a) || c.SolveTo(&x, right) != nil {
		_, k := right.Dims()
		return mat.NewDense(p, k, slices.Repeat([]float64{math.NaN()}, p*k))
	}
	return &x
}

// ridge returns B^T, [p, K].
func (s *leastSquares) ridge(l2 float64) *mat.Dense { return s.solve(1, l2, s.cross) }

// through returns B^T, [p, D], that minimises mean_i |target_i - W B f_i|^2 + lambda |B|^2 for the W [K, D] of a linear
// head (Zozoulenko, Cass, Gonon 2025, section 3.2: sandwiched least squares). With W = sum_j m_j u_j v_j^T its singular
// value decomposition and C the cross moments, that is sum_j m_j (m_j^2 G + lambda 1)^-1 C u_j v_j^T.
func (s *leastSquares) through(w *mat.Dense, l2 float64) *mat.Dense {
	_, d := w.Dims()
	sum := mat.NewDense(s.gram.SymmetricDim(), d, nil)
	var svd mat.SVD
	if !svd.Factorize(w, mat.SVDThin) {
		sum.Set(0, 0, math.NaN())
		return sum
	}
	var u, v, cross, term mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	for j, m := range svd.Values(nil) {
		cross.Mul(s.cross, u.ColView(j))
		x := s.solve(m*m, l2, &cross)
		term.Mul(x, v.ColView(j).T())
		term.Scale(m, &term)
		sum.Add(sum, &term)
	}
	return sum
}

// write makes B the weights of outputs lo and on, with the bias that gives features of mean the mean of the targets.
func (s *leastSquares) write(l *nn.Linear, b *mat.Dense, lo int) {
	p, k := b.Dims()
	for j := range k {
		bias := s.targetMean[j]
		for i := range p {
			l.Weight.Value.Set(float32(b.At(i, j)), lo+j, i)
			bias -= b.At(i, j) * s.featureMean[i]
		}
		l.Bias.Value.Set(float32(bias), lo+j)
	}
}
