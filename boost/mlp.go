package boost

import (
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
)

// MLP makes perceptrons with one hidden layer, h(x) = B ReLU(A x + a) + b, on flattened
// inputs. Their features are the hidden layer.
type MLP struct {
	Hidden   int // width of the hidden layer
	Training Training
}

// New implements Learner.
func (m MLP) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	t, err := m.Training.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := demand.All("boost.MLP", demand.That(m.Hidden >= 1, "Hidden", m.Hidden, "want at least 1 unit")); err != nil {
		return nil, err
	}
	return newNet(newHidden(in.Width(), m.Hidden, rng), m.Hidden, outputs, t, rng), nil
}

// hidden is ReLU(A x + a) of flattened rows.
type hidden struct{ *nn.Linear }

func newHidden(in, width int, rng *rand.Rand) hidden {
	h := hidden{nn.NewLinear(in, width, rng)}
	nn.KaimingNormal(h.Weight.Value, in, rng)
	return h
}

// Forward implements nn.Module.
func (h hidden) Forward(x *autograd.Var) *autograd.Var {
	return autograd.ReLU(h.Linear.Forward(nn.Flatten{}.Forward(x)))
}
