package boost

import (
	"errors"
	"fmt"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// description is the configuration in a file: what Load needs to build an ensemble again.
type description struct {
	scored
	Stages  int  `json:"stages"`
	Chained bool `json:"chained,omitempty"` // never of trees
	learnerFile
}

func (e *Ensemble) describe() (description, error) {
	l, err := fileOf(e.family)
	return description{scored: scored{e.row, e.outputs}, Stages: len(e.stages), Chained: e.features > 0, learnerFile: l}, err
}

// Save writes the ensemble to a safetensors file for [Load], with the card in the metadata. It fails if the learner is a
// user's own, which Load would not know.
func (e *Ensemble) Save(path string, card data.Card) error {
	return save(path, "boost", e, card)
}

func (e *Ensemble) tensors() (map[string]*tensor.Tensor, error) {
	learners := make([]Hypothesis, len(e.stages))
	for m, s := range e.stages {
		learners[m] = s.learner
	}
	return tensorsOf(e, "stages", learners)
}

// Load returns the ensemble in a file that [Ensemble.Save] wrote, and the card beside it. What is wrong with a file is an
// error; no more memory is given than its tensors justify.
func Load(path string) (*Ensemble, data.Card, error) {
	return load[description, *Ensemble]("Load", path, "boost")
}

func (d description) build(file *weights.File) (*Ensemble, error) {
	s := &shelf{file, float64(file.Elements())}
	family, err := d.learner()
	if err != nil {
		return nil, err
	}
	inputs, err := s.rowSize(d.Row)
	if err != nil {
		return nil, err
	}
	if d.Outputs < 1 || int64(d.Outputs) > file.Elements() || d.Stages < 0 || d.Stages > len(file.Tensors) {
		return nil, fmt.Errorf("%d outputs, %d stages for a file of %d tensors", d.Outputs, d.Stages, len(file.Tensors))
	}
	if t, ok := family.(Tree); ok {
		if d.Chained {
			return nil, errors.New("the configuration chains trees, which have no features")
		}
		if err := t.check(inputs); err != nil {
			return nil, err
		}
	}
	e := &Ensemble{row: d.Row, inputs: inputs, outputs: d.Outputs, start: tensor.New(d.Outputs), family: family}
	for m := range d.Stages {
		in := Input{Row: d.Row, Features: e.features} // none in the first stage, nor in any that is not chained
		l, err := s.hypothesis(family, fmt.Sprintf("stages.%d", m), in, d.Outputs)
		if err != nil {
			return nil, err
		}
		e.stages = append(e.stages, stage{learner: l, scale: tensor.New(1), sees: in.Features})
		if d.Chained {
			e.features = l.(interface{ width() int }).width()
		}
	}
	return e, nil
}
