package boost

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// learnerFile says in a file which learner made the hypotheses: it has one of these.
type learnerFile struct {
	MLP            *MLP            `json:"mlp,omitempty"`
	Conv           *Conv           `json:"conv,omitempty"`
	Tree           *Tree           `json:"tree,omitempty"`
	RandomFeatures *RandomFeatures `json:"random_features,omitempty"`
	Linear         *Linear         `json:"linear,omitempty"`
	SoftTrees      *SoftTrees      `json:"soft_trees,omitempty"`
}

// fileOf is the inverse of learnerFile.learner.
func fileOf(l Learner) (f learnerFile, err error) {
	switch l := l.(type) {
	case MLP:
		f.MLP = &l
	case Conv:
		f.Conv = &l
	case Tree:
		f.Tree = &l
	case RandomFeatures:
		f.RandomFeatures = &l
	case Linear:
		f.Linear = &l
	case SoftTrees:
		f.SoftTrees = &l
	default:
		err = fmt.Errorf("learners of a %T: a file knows those of MLP, Conv, Tree, RandomFeatures, Linear and SoftTrees", l)
	}
	return f, err
}

// learner returns the one that the file names.
func (f learnerFile) learner() (Learner, error) {
	var named []Learner
	named = appendIf(named, f.MLP)
	named = appendIf(named, f.Conv)
	named = appendIf(named, f.Tree)
	named = appendIf(named, f.RandomFeatures)
	named = appendIf(named, f.Linear)
	named = appendIf(named, f.SoftTrees)
	if len(named) != 1 {
		return nil, fmt.Errorf("the configuration names %d kinds of learners, not one", len(named))
	}
	return named[0], nil
}

// appendIf appends a learner that is there.
func appendIf[L Learner](to []Learner, l *L) []Learner {
	if l == nil {
		return to
	}
	return append(to, *l)
}

// elements returns how many numbers a hypothesis of a learner that is in files has, trees excepted. What a file claims may
// be more than an int64 holds.
func elements(l Learner, in Input, outputs int) float64 {
	width, hidden, n := float64(in.Width()), 0.0, 0.0
	switch l := l.(type) {
	case MLP:
		hidden = float64(l.Hidden)
		n = (width + 1) * hidden
	case RandomFeatures:
		hidden = float64(l.Width)
		n = (width + 1) * hidden
	case Linear:
		hidden = width
	case SoftTrees:
		l, _ = l.withDefaults()
		hidden = math.Ldexp(float64(l.Trees), l.Depth)
		n = (width + 2) * float64(l.Trees) * float64(l.Depth)
	case Conv:
		hidden = float64(l.Hidden)
		if len(in.Row) == 3 { // of other rows Conv makes nothing
			quarter := func(size int) float64 { return float64((size + 3) / 4) } // rounded up, twice halved
			channels := float64(l.Channels)
			n = (9*float64(in.Row[2])+1)*channels + (9*channels+1)*2*channels
			width = quarter(in.Row[0])*quarter(in.Row[1])*2*channels + float64(in.Features)
		}
		n += (width + 1) * hidden
	}
	return n + (hidden+1)*float64(outputs)
}

// shelf is a file of which hypotheses are taken one after the other.
type shelf struct {
	*weights.File
	left float64 // elements that no hypothesis has claimed
}

// hypothesis makes one whose parameters are to be replaced by those of the file; trees, whose tensors begin with the given
// name, are moved out of it. No more memory is given than the elements of the file justify.
func (s *shelf) hypothesis(l Learner, name string, in Input, outputs int) (Hypothesis, error) {
	if _, ok := l.(Tree); ok {
		return readTrees(s.File, name, in.Width(), outputs)
	}
	if s.left -= elements(l, in, outputs); !(s.left >= 0) {
		return nil, errors.New("the configuration is of an ensemble with more elements than the file has")
	}
	h, err := l.New(in, outputs, rand.New(rand.NewPCG(0, 0)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// rowSize returns the number of elements of rows of a shape, and an error unless it is at least 1 and no more than the
// elements of the file.
func (s *shelf) rowSize(row []int) (int, error) {
	n, most := int64(1), s.Elements()
	for _, d := range row {
		if d < 1 || int64(d) > most/n {
			return 0, fmt.Errorf("rows of shape %v for a file of %d elements", row, most)
		}
		n *= int64(d)
	}
	if len(row) == 0 {
		return 0, errors.New("rows without a shape")
	}
	return int(n), nil
}

// tensorsOf returns what a file holds of a module: its state, and trees, which are no modules. They are those of the
// hypotheses called name.0, name.1 and so on.
func tensorsOf(m nn.Module, name string, hypotheses []Hypothesis) (map[string]*tensor.Tensor, error) {
	out := weights.FromState(nn.State(m))
	for i, h := range hypotheses {
		if t, ok := h.(*trees); ok {
			if err := t.tables(fmt.Sprintf("%s.%d", name, i), out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
