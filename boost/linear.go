package boost

import (
	"cmp"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
)

// Linear makes linear models h(x) = B x + b of flattened inputs, fitted in closed form by ridge regression on columns of
// variance one: a column's unit and zero do not matter. Their features are the inputs.
type Linear struct {
	L2 float64 // lambda of mean_i |target_i - h(x_i)|^2 + lambda sum_jk (B_jk sd_k)^2, sd_k the deviation of column k [1e-3]
}

func (l Linear) withDefaults() (Linear, error) {
	l.L2 = cmp.Or(l.L2, 1e-3)
	return l, demand.All("boost.Linear",
		demand.That(l.L2 > 0 && l.L2 <= math.MaxFloat32, "L2", l.L2, "want a positive number, or 0 for 1e-3"))
}

// New implements Learner.
func (l Linear) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	l, err := l.withDefaults()
	if err != nil {
		return nil, err
	}
	return &ridgeNet{net: newNet(nn.Flatten{}, in.Width(), outputs, Training{}, rng), l2: l.L2, scaled: true}, nil
}

// constantBelow is the deviation, in parts of the mean, below which float32 tells no values of a column apart.
const constantBelow = 1e-6

// scaledRidge is ridge for features of variance one, of which it returns the B^T for those that there are. What is constant
// has none.
func (s *leastSquares) scaledRidge(l2 float64) *mat.Dense {
	p, k := s.cross.Dims()
	inverse := make([]float64, p)
	for i := range p {
		if sd := math.Sqrt(s.gram.At(i, i)); sd > constantBelow*math.Abs(s.featureMean[i]) {
			inverse[i] = 1 / sd
		}
	}
	scaled := &leastSquares{gram: mat.NewSymDense(p, nil), cross: mat.NewDense(p, k, nil)}
	for i := range p {
		for j := i; j < p; j++ {
			scaled.gram.SetSym(i, j, s.gram.At(i, j)*inverse[i]*inverse[j])
		}
	}
	scaled.cross.Apply(func(i, _ int, v float64) float64 { return v * inverse[i] }, s.cross)
	b := scaled.ridge(l2)
	b.Apply(func(i, _ int, v float64) float64 { return v * inverse[i] }, b)
	return b
}
