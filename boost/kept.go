package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// kept is what files have: an ensemble or a representation. P is its configuration there.
type kept[P any] interface {
	describe() (P, error) // fails for learners that files do not know
	tensors() (map[string]*tensor.Tensor, error)
}

// plan is a configuration in a file. build makes an M whose weights are to be replaced by those of the file; trees are moved
// out of it.
type plan[M nn.Module] interface {
	check(card data.Card) error
	build(file *weights.File) (M, error)
}

// scored is the part of a configuration that says which rows there are scores of.
type scored struct {
	Row     []int `json:"row"` // shape of one example
	Outputs int   `json:"outputs"`
}

// check holds a card, in a file or for one, against the configuration.
func (s scored) check(card data.Card) error { return card.Check(s.Row[len(s.Row)-1], s.Outputs) }

// save writes k to a safetensors file, with the card in the metadata.
func save[P interface{ check(data.Card) error }](path, kind string, k kept[P], card data.Card) error {
	d, err := k.describe()
	if err == nil {
		err = d.check(card)
	}
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	meta, err := card.Describe(kind, d)
	if err != nil {
		return err
	}
	tensors, err := k.tensors()
	if err != nil {
		return fmt.Errorf("boost: Save: %w", err)
	}
	return weights.Save(path, &weights.File{Tensors: tensors, Meta: meta})
}

// load returns what is in a file that save wrote. op is the function that errors name.
func load[P plan[M], M nn.Module](op, path, kind string) (m M, card data.Card, err error) {
	file, err := weights.Load(path)
	if err != nil {
		return m, card, fmt.Errorf("boost: %s: %w", op, err)
	}
	made, card, err := fromFile[P](file, kind)
	if err != nil {
		return m, data.Card{}, fmt.Errorf("boost: %s: %s: %w", op, path, err)
	}
	return made, card, nil
}

func fromFile[P plan[M], M nn.Module](file *weights.File, kind string) (m M, card data.Card, err error) {
	var d P
	if card, err = data.ReadCard(file.Meta, kind, &d); err != nil {
		return m, card, err
	}
	if m, err = d.build(file); err != nil {
		return m, card, err
	}
	if err = d.check(card); err != nil {
		return m, card, err
	}
	return m, card, weights.Assign(nn.State(m), file)
}
