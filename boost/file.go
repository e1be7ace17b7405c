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
	MLP     *MLP  `json:"mlp,omitempty"` // one of the two
	Conv    *Conv `json:"conv,omitempty"`
}

// Save writes the ensemble to a safetensors file for [Load], with the card in the metadata. Learners must be of an [MLP]
// or a [Conv]: others are not known to Load.
func (e *Ensemble) Save(path string, card data.Card) error {
	d := description{Row: e.row, Outputs: e.outputs, Stages: len(e.stages), Chained: e.features > 0}
	switch l := e.family.(type) {
	case MLP:
		d.MLP = &l
	case Conv:
		d.Conv = &l
	default:
		return fmt.Errorf("boost: Save: learners of a %T: Load could only make those of an MLP or a Conv", e.family)
	}
	if err := card.Check(e.row[len(e.row)-1], e.outputs); err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	meta, err := card.Describe("boost", d)
	if err != nil {
		return err
	}
	return weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(e)), Meta: meta})
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

// build makes an ensemble whose weights are zeros.
func (d description) build(file *weights.File) (*Ensemble, error) {
	inputs, err := d.check(file)
	if err != nil {
		return nil, err
	}
	e := &Ensemble{row: d.Row, inputs: inputs, outputs: d.Outputs, start: tensor.New(d.Outputs)}
	switch {
	case d.MLP != nil:
		e.family = *d.MLP
	default:
		e.family = *d.Conv
	}
	left := file.Elements()
	for m := range d.Stages {
		in := Input{Row: d.Row, Features: e.features}
		if !d.Chained {
			in.Features = 0
		}
		if left -= d.elements(in); left < 0 {
			return nil, errors.New("the configuration is of an ensemble with more elements than the file has")
		}
		l, err := e.family.New(in, d.Outputs, rand.New(zeros{}))
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

// check returns the number of elements of an example.
func (d description) check(file *weights.File) (inputs int, err error) {
	if (d.MLP == nil) == (d.Conv == nil) {
		return 0, errors.New("the configuration names none or both of two kinds of learners")
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
		d.hidden() < 1 || int64(d.hidden()) > most || d.Conv != nil && int64(d.Conv.Channels) > most {
		return 0, fmt.Errorf("rows %v, %d outputs, %d stages, %d hidden units for a file of %d tensors", d.Row, d.Outputs, d.Stages, d.hidden(), len(file.Tensors))
	}
	return int(n), nil
}

func (d description) hidden() int {
	if d.Conv != nil {
		return d.Conv.Hidden
	}
	return d.MLP.Hidden
}

// elements returns at least a fourth of how many numbers a learner has, and never too many: those of its hidden layer.
// Sizes are at most those of the file, so products of three are no int64 by far.
func (d description) elements(in Input) int64 {
	width := float64(in.Width())
	if c := d.Conv; c != nil && len(in.Row) == 3 {
		half := func(size int) float64 { return float64((size + 1) / 2) }
		width = half((in.Row[0]+1)/2)*half((in.Row[1]+1)/2)*2*float64(c.Channels) + float64(in.Features)
	}
	return int64(min(width*float64(d.hidden()), 1<<62))
}

// zeros is a source of random numbers for weights that will be replaced.
type zeros struct{}

func (zeros) Uint64() uint64 { return 0 }
