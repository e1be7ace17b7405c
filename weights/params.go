package weights

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// FromParams returns copies of the parameters by name, as a file holds them: those of rank 4, the
// convolution weights, turned from HWIO into OIHW. A parameter that is listed twice, because a model uses
// its layer twice, is one; two parameters of one name are a panic.
func FromParams(params []*autograd.Param) map[string]*tensor.Tensor {
	params, err := Distinct(params)
	if err != nil {
		panic("weights: FromParams: " + err.Error())
	}
	m := make(map[string]*tensor.Tensor, len(params))
	for _, p := range params {
		if p.Value.Rank() == 4 {
			m[p.Name] = tensor.Transpose(nil, p.Value, 3, 2, 0, 1)
		} else {
			m[p.Name] = p.Value.Clone()
		}
	}
	return m
}

// Assign copies the tensors of a file into the parameters of the same names, those of rank 4 turned
// from OIHW into HWIO. Names and shapes must agree exactly, or nothing is changed and the
// error is a [*Mismatch]. PyTorch's counters num_batches_tracked are passed over. Two parameters of one
// name are an error, too.
func Assign(params []*autograd.Param, f *File) error {
	params, err := Distinct(params)
	if err != nil {
		return fmt.Errorf("weights: Assign: %w", err)
	}
	if m := compare(params, f); !m.empty() {
		return m
	}
	fill(params, f.Tensors)
	return nil
}

// AssignMatching is Assign for the names that occur on both sides, such as those of a backbone under
// another head. It returns what was missing and unexpected. Shapes that differ, and
// tensors that a parameter needs but that are in File.Unsupported, are still an error.
func AssignMatching(params []*autograd.Param, f *File) (missing, unexpected []string, err error) {
	params, err = Distinct(params)
	if err != nil {
		return nil, nil, fmt.Errorf("weights: AssignMatching: %w", err)
	}
	m := compare(params, f)
	if len(m.Shapes)+len(m.Unsupported) > 0 {
		return nil, nil, &Mismatch{Shapes: m.Shapes, Unsupported: m.Unsupported}
	}
	fill(params, f.Tensors)
	return m.Missing, m.Unexpected, nil
}

// Distinct returns params without repetitions, or an error if one is nil or two have the same name, which a file cannot
// tell apart.
func Distinct(params []*autograd.Param) ([]*autograd.Param, error) {
	byName := make(map[string]*autograd.Param, len(params))
	var first []*autograd.Param
	for i, p := range params {
		if p == nil || p.Value == nil {
			return nil, fmt.Errorf("parameter %d is nil: the model has not been built, or the ensemble not fitted", i)
		}
		switch byName[p.Name] {
		case nil:
			byName[p.Name] = p
			first = append(first, p)
		case p:
		default:
			return nil, fmt.Errorf("two parameters are named %q: name their layers with nn.Named or nn.NewSequential", p.Name)
		}
	}
	return first, nil
}

func fill(params []*autograd.Param, tensors map[string]*tensor.Tensor) {
	for _, p := range params {
		t := tensors[p.Name]
		switch {
		case t == nil:
		case t.Rank() == 4:
			tensor.Transpose(p.Value, t, 2, 3, 1, 0)
		default:
			tensor.Copy(p.Value, t)
		}
	}
}

// fileShape returns the shape that a file has for p.
func fileShape(p *autograd.Param) []int {
	s := slices.Clone(p.Value.Shape())
	if len(s) == 4 {
		s = []int{s[3], s[2], s[0], s[1]}
	}
	return s
}
