package boost

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// description is the configuration in a file: what Load needs to build an ensemble again.
type description struct {
	Row     []int `json:"row"` // shape of one example
	Outputs int   `json:"outputs"`
	Stages  int   `json:"stages"`
	Chained bool  `json:"chained,omitempty"`
	MLP     *MLP  `json:"mlp,omitempty"` // one of the four
	Conv    *Conv `json:"conv,omitempty"`
	Tree    *Tree `json:"tree,omitempty"` // never chained

	RandomFeatures *RandomFeatures `json:"random_features,omitempty"`
}

// describe returns what Load needs. It fails for learners that Load does not know.
func (e *Ensemble) describe() (description, error) {
	d := description{Row: e.row, Outputs: e.outputs, Stages: len(e.stages), Chained: e.features > 0}
	switch l := e.family.(type) {
	case MLP:
		d.MLP = &l
	case Conv:
		d.Conv = &l
	case RandomFeatures:
		d.RandomFeatures = &l
	case Tree:
		d.Tree = &l
	default:
		return d, fmt.Errorf("learners of a %T: Load could only make those of an MLP, a Conv, RandomFeatures or a Tree", e.family)
	}
	return d, nil
}

// Save writes the ensemble to a safetensors file for [Load], with the card in the metadata. Learners must be of an [MLP],
// a [Conv], [RandomFeatures] or a [Tree]: others are not known to Load.
func (e *Ensemble) Save(path string, card data.Card) error {
	d, err := e.describe()
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	if err := card.Check(e.row[len(e.row)-1], e.outputs); err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	meta, err := card.Describe("boost", d)
	if err != nil {
		return err
	}
	tensors, err := e.tensors()
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	return weights.Save(path, &weights.File{Tensors: tensors, Meta: meta})
}

// tensors returns what a file holds: the state of the module, and trees, which are no modules.
func (e *Ensemble) tensors() (map[string]*tensor.Tensor, error) {
	out := weights.FromState(nn.State(e))
	for m, s := range e.stages {
		if t, ok := s.learner.(*trees); ok {
			if err := t.tables(m, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// Load returns the ensemble in a file that [Ensemble.Save] wrote, and the card beside it. What is wrong with a file is an
// error; no more memory is given than its tensors justify.
func Load(path string) (*Ensemble, data.Card, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, data.Card{}, fmt.Errorf("boost: Load: %w", err)
	}
	e, card, err := fromFile(file)
	if err != nil {
		return nil, data.Card{}, fmt.Errorf("boost: Load: %s: %w", path, err)
	}
	return e, card, nil
}

func fromFile(file *weights.File) (*Ensemble, data.Card, error) {
	var d description
	card, err := data.ReadCard(file.Meta, "boost", &d)
	if err != nil {
		return nil, card, err
	}
	e, err := d.build(file)
	if err != nil {
		return nil, card, err
	}
	if err := card.Check(d.Row[len(d.Row)-1], d.Outputs); err != nil {
		return nil, card, err
	}
	return e, card, weights.Assign(nn.State(e), file)
}

// build makes an ensemble whose weights are to be replaced by those of the file. Trees are moved out of it.
func (d description) build(file *weights.File) (*Ensemble, error) {
	inputs, err := d.check(file)
	if err != nil {
		return nil, err
	}
	e := &Ensemble{row: d.Row, inputs: inputs, outputs: d.Outputs, start: tensor.New(d.Outputs)}
	switch {
	case d.Tree != nil:
		e.family = *d.Tree
		return e, d.buildTrees(e, file)
	case d.MLP != nil:
		e.family = *d.MLP
	case d.RandomFeatures != nil:
		e.family = *d.RandomFeatures
	default:
		e.family = *d.Conv
	}
	left := float64(file.Elements())
	for m := range d.Stages {
		in := Input{Row: d.Row, Features: e.features} // none in the first stage, nor in any that is not chained
		if left -= d.elements(in); left < 0 {
			return nil, errors.New("the configuration is of an ensemble with more elements than the file has")
		}
		l, err := e.family.New(in, d.Outputs, rand.New(rand.NewPCG(0, 0)))
		if err != nil {
			return nil, fmt.Errorf("stage %d: %w", m, err)
		}
		e.stages = append(e.stages, stage{learner: l, scale: tensor.New(1), sees: in.Features})
		if d.Chained {
			e.features = d.hidden()
		}
	}
	return e, nil
}

// buildTrees adds the stages of an ensemble of trees.
func (d description) buildTrees(e *Ensemble, file *weights.File) error {
	for m := range d.Stages {
		t, err := readTrees(file, m, e.inputs, d.Outputs)
		if err != nil {
			return err
		}
		e.stages = append(e.stages, stage{learner: t, scale: tensor.New(1)})
	}
	return nil
}

// check returns the number of elements of an example, and an error unless all sizes are at least 1 and those of rows and
// scores no more than the elements of the file.
func (d description) check(file *weights.File) (inputs int, err error) {
	kinds := 0
	for _, named := range []bool{d.MLP != nil, d.Conv != nil, d.Tree != nil, d.RandomFeatures != nil} {
		if named {
			kinds++
		}
	}
	if kinds != 1 {
		return 0, fmt.Errorf("the configuration names %d kinds of learners, not one", kinds)
	}
	if d.Tree != nil && d.Chained {
		return 0, errors.New("the configuration chains trees, which have no features")
	}
	most := file.Elements()
	n := int64(1)
	for _, s := range d.Row {
		if s < 1 || int64(s) > most/n {
			return 0, fmt.Errorf("rows of shape %v for a file of %d elements", d.Row, most)
		}
		n *= int64(s)
	}
	if len(d.Row) == 0 || d.Outputs < 1 || int64(d.Outputs) > most || d.Stages < 0 || d.Stages > len(file.Tensors) ||
		d.Tree == nil && d.hidden() < 1 || d.Conv != nil && d.Conv.Channels < 1 {
		return 0, fmt.Errorf("rows %v, %d outputs, %d stages, %d hidden units for a file of %d tensors", d.Row, d.Outputs, d.Stages, d.hidden(), len(file.Tensors))
	}
	if d.Tree != nil {
		return int(n), d.Tree.check(int(n))
	}
	return int(n), nil
}

func (d description) hidden() int {
	switch {
	case d.MLP != nil:
		return d.MLP.Hidden
	case d.Conv != nil:
		return d.Conv.Hidden
	case d.RandomFeatures != nil:
		return d.RandomFeatures.Width
	}
	return 0
}

// elements returns how many numbers a learner has. What a file claims may be more than an int64 holds.
func (d description) elements(in Input) float64 {
	width, hidden, outputs, n := float64(in.Width()), float64(d.hidden()), float64(d.Outputs), 0.0
	if d.Conv != nil && len(in.Row) == 3 { // of other rows Conv makes nothing
		quarter := func(size int) float64 { return float64((size + 3) / 4) } // rounded up, twice halved
		channels := float64(d.Conv.Channels)
		n = (9*float64(in.Row[2])+1)*channels + (9*channels+1)*2*channels
		width = quarter(in.Row[0])*quarter(in.Row[1])*2*channels + float64(in.Features)
	}
	return n + (width+1)*hidden + (hidden+1)*outputs
}
