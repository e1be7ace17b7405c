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
	return newNet(newHidden(rng, in.Width(), m.Hidden), m.Hidden, outputs, t, rng), nil
}

// hidden is ReLU(A x + a) of flattened rows.
type hidden struct{ *nn.Linear }

func newHidden(rng *rand.Rand, in, width int) hidden {
	h := hidden{nn.NewLinear(rng, in, width)}
	nn.KaimingNormal(rng, h.Weight.Value, in)
	return h
}

// Forward implements nn.Module.
func (h hidden) Forward(x *autograd.Var) *autograd.Var {
	return autograd.ReLU(h.Linear.Forward(nn.Flatten{}.Forward(x)))
}
