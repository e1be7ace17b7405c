package weights

import (
	"fmt"
	"iter"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// named is a tensor of a model under its name.
type named struct {
	name string
	*tensor.Tensor
}

// FromState returns copies of the tensors of a model, such as nn.State of a module, as a file holds them: those of
// rank 4, the convolution weights, turned from HWIO into OIHW. Two tensors of one name are a panic.
func FromState(state iter.Seq2[string, *tensor.Tensor]) map[string]*tensor.Tensor {
	all, err := distinct(state)
	if err != nil {
		panic("weights: FromState: " + err.Error())
	}
	m := make(map[string]*tensor.Tensor, len(all))
	for _, t := range all {
		if t.Rank() == 4 {
			m[t.name] = tensor.Transpose(nil, t.Tensor, 3, 2, 0, 1)
		} else {
			m[t.name] = t.Clone()
		}
	}
	return m
}

// Assign copies the tensors of a file into those of a model, such as nn.State of a module, that have the same names,
// those of rank 4 turned from OIHW into HWIO. Names and shapes must agree exactly, or nothing is changed and the
// error is a [*Mismatch]. PyTorch's counters num_batches_tracked are passed over, and so is what an optimiser keeps,
// names that begin with [Optimizer]. What wrappers put before all names is taken off where more of them fit without
// it, see [Unwrap], and names that another library gives are turned into torchvision's, see [ToTorchvision]. Two
// tensors of one name in the model are an error, too.
func Assign(state iter.Seq2[string, *tensor.Tensor], f *File) error {
	all, err := distinct(state)
	if err != nil {
		return fmt.Errorf("weights: Assign: %w", err)
	}
	l, m := fitting(all, f.listing())
	if !m.empty() {
		return m
	}
	return fill(all, l, f.tensor)
}

// AssignMatching is Assign for the names that occur on both sides, such as those of a backbone under another head. It
// returns what was missing and unexpected. Shapes that differ, and tensors that the model needs but that are in
// File.Unsupported, are still an error.
func AssignMatching(state iter.Seq2[string, *tensor.Tensor], f *File) (missing, unexpected []string, err error) {
	all, err := distinct(state)
	if err != nil {
		return nil, nil, fmt.Errorf("weights: AssignMatching: %w", err)
	}
	l, m := fitting(all, f.listing())
	if len(m.Shapes)+len(m.Unsupported) > 0 {
		return nil, nil, &Mismatch{Shapes: m.Shapes, Unsupported: m.Unsupported}
	}
	return m.Missing, m.Unexpected, fill(all, l, f.tensor)
}

// Optimizer begins the names of what an optimiser keeps of each tensor, which a checkpoint holds beside a model.
// [Assign] passes over them.
const Optimizer = "optimizer/"

// Check returns an error if a tensor of a model is nil, or if two have the same name, which a file cannot tell apart.
func Check(state iter.Seq2[string, *tensor.Tensor]) error {
	_, err := distinct(state)
	return err
}

func distinct(state iter.Seq2[string, *tensor.Tensor]) ([]named, error) {
	byName := map[string]*tensor.Tensor{}
	var all []named
	for name, t := range state {
		if t == nil {
			return nil, fmt.Errorf("tensor %q is nil: the model has not been built", name)
		}
		switch byName[name] {
		case nil:
			byName[name] = t
			all = append(all, named{name, t})
		case t:
		default:
			return nil, fmt.Errorf("two tensors are named %q: give the parts of the model different names", name)
		}
	}
	return all, nil
}

// fill copies into a model what a file holds of it.
func fill(state []named, l listing, read func(name string) (*tensor.Tensor, error)) error {
	for _, to := range state {
		if _, ok := l.shapes[to.name]; !ok {
			continue
		}
		t, err := read(l.inFile[to.name])
		switch {
		case err != nil:
			return err
		case t.Rank() == 4: // filters, OIHW to HWIO
			tensor.Transpose(to.Tensor, t, 2, 3, 1, 0)
		default:
			tensor.Copy(to.Tensor, t)
		}
	}
	return nil
}

func (f *File) tensor(name string) (*tensor.Tensor, error) {
	if f.outlined != nil {
		return f.outlined.read(f.Tensors[name])
	}
	return f.Tensors[name], nil
}

// fileShape returns the shape that a file has for t.
func fileShape(t *tensor.Tensor) []int {
	s := slices.Clone(t.Shape())
	if len(s) == 4 {
		s = []int{s[3], s[2], s[0], s[1]}
	}
	return s
}
