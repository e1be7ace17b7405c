package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// representationFile is the configuration in a file: what LoadRepresentation needs to build one again.
type representationFile struct {
	scored
	Layers int `json:"layers"`
	learnerFile
}

// Save writes the representation to a safetensors file for [LoadRepresentation], with the card in the metadata. It fails if
// the learner is a user's own.
func (r *Representation) Save(path string, card data.Card) error {
	return save(path, "representation", r, card)
}

func (r *Representation) describe() (representationFile, error) {
	l, err := fileOf(r.family)
	return representationFile{scored: scored{r.row, r.head.Weight.Value.Dim(0)}, Layers: r.Len(), learnerFile: l}, err
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
	return load[representationFile, *Representation]("LoadRepresentation", path, "representation")
}

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
