package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// representationFile is the configuration in a file: what LoadRepresentation needs to build one again.
type representationFile struct {
	Row     []int `json:"row"` // shape of one example
	Outputs int   `json:"outputs"`
	Layers  int   `json:"layers"`
	learnerFile
}

// Save writes the representation to a safetensors file for [LoadRepresentation], with the card in the metadata. It fails if
// the learner is a user's own.
func (r *Representation) Save(path string, card data.Card) error {
	d, err := r.describe()
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	if err := card.Check(r.row[len(r.row)-1], d.Outputs); err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	meta, err := card.Describe("representation", d)
	if err != nil {
		return err
	}
	tensors, err := r.tensors()
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	return weights.Save(path, &weights.File{Tensors: tensors, Meta: meta})
}

func (r *Representation) describe() (representationFile, error) {
	l, err := fileOf(r.family)
	return representationFile{Row: r.row, Outputs: r.head.Weight.Value.Dim(0), Layers: r.Len(), learnerFile: l}, err
}

func (r *Representation) tensors() (map[string]*tensor.Tensor, error) {
	layers := make([]Hypothesis, r.Len())
	for t, l := range r.layers {
		layers[t] = l.h
	}
	return tensorsOf(r, "layers", layers)
}

// LoadRepresentation returns the representation in a file that [Representation.Save] wrote, and the card beside it. What is
// wrong with a file is an error; no more memory is given than its tensors justify.
func LoadRepresentation(path string) (*Representation, data.Card, error) {
	file, err := weights.Load(path)
	if err != nil {
		return nil, data.Card{}, fmt.Errorf("boost: LoadRepresentation: %w", err)
	}
	r, card, err := representationFrom(file)
	if err != nil {
		return nil, data.Card{}, fmt.Errorf("boost: LoadRepresentation: %s: %w", path, err)
	}
	return r, card, nil
}

func representationFrom(file *weights.File) (*Representation, data.Card, error) {
	var d representationFile
	card, err := data.ReadCard(file.Meta, "representation", &d)
	if err != nil {
		return nil, card, err
	}
	r, err := d.build(file)
	if err != nil {
		return nil, card, err
	}
	if err := card.Check(d.Row[len(d.Row)-1], d.Outputs); err != nil {
		return nil, card, err
	}
	return r, card, weights.Assign(nn.State(r), file)
}

// build makes a representation whose weights are to be replaced by those of the file. Trees are moved out of it.
func (d representationFile) build(file *weights.File) (*Representation, error) {
	s := &shelf{file, float64(file.Elements())}
	family, err := d.learner()
	if err != nil {
		return nil, err
	}
	width, err := s.rowSize(d.Row)
	if err != nil {
		return nil, err
	}
	if d.Outputs < 1 || int64(d.Outputs) > file.Elements() || d.Layers < 0 || d.Layers > len(file.Tensors) {
		return nil, fmt.Errorf("%d outputs, %d layers for a file of %d tensors", d.Outputs, d.Layers, len(file.Tensors))
	}
	r := &Representation{row: d.Row, width: width, family: family}
	if h, err := s.hypothesis(Linear{}, "head", Input{Row: d.Row}, d.Outputs); err == nil {
		r.head = h.(*ridgeNet).output
	} else {
		return nil, err
	}
	for t := range d.Layers {
		h, err := s.hypothesis(family, fmt.Sprintf("layers.%d", t), Input{Row: []int{width}}, width)
		if err != nil {
			return nil, err
		}
		r.layers = append(r.layers, layer{h, tensor.New(1)})
	}
	return r, nil
}
