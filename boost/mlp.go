package boost

import (
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// MLP is the family of perceptrons with one hidden layer, h(x) = B ReLU(A x + a) + b, on flattened
// inputs. Their features are the hidden layer.
type MLP struct {
	Hidden   int // width of the hidden layer
	Training Training
}

// New implements Family.
func (m MLP) New(in Input, outputs int, seed uint64) (Learner, error) {
	t, err := m.Training.withDefaults()
	if err != nil {
		return nil, err
	}
	if m.Hidden < 1 {
		return nil, fmt.Errorf("MLP.Hidden is %d, want at least 1 unit: %w", m.Hidden, ErrConfig)
	}
	if err := in.check("MLP", outputs); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
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
