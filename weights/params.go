package weights

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// FromParams returns copies of the parameters by name, as a file holds them: those of rank 4, the
// convolution weights, turned from HWIO into OIHW. Two parameters of one name are a panic.
func FromParams(params []*autograd.Param) map[string]*tensor.Tensor {
	m := make(map[string]*tensor.Tensor, len(params))
	for _, p := range params {
		if m[p.Name] != nil {
			panic(fmt.Sprintf("weights: FromParams: two parameters named %q", p.Name))
		}
		if p.Value.Rank() == 4 {
			m[p.Name] = tensor.Transpose(nil, p.Value, 3, 2, 0, 1)
		} else {
			m[p.Name] = p.Value.Clone()
		}
	}
	return m
}

// Mismatch lists how tensors differ from the parameters they should fill.
type Mismatch struct {
	Missing    []string // parameters that have no tensor
	Unexpected []string // tensors that have no parameter
	Shapes     []string // descriptions of the pairs whose shapes differ
}

func (m *Mismatch) Error() string {
	var parts []string
	for _, p := range []struct {
		what  string
		names []string
	}{{"missing", m.Missing}, {"unexpected", m.Unexpected}, {"shape", m.Shapes}} {
		if n := len(p.names); n > 8 {
			parts = append(parts, fmt.Sprintf("%s: %s and %d more", p.what, strings.Join(p.names[:8], ", "), n-8))
		} else if n > 0 {
			parts = append(parts, p.what+": "+strings.Join(p.names, ", "))
		}
	}
	return "weights: tensors do not fit the model: " + strings.Join(parts, "; ")
}

// Assign copies tensors, as read from a file, into the parameters of the same names, those of rank 4
// turned from OIHW into HWIO. Names and shapes must agree exactly, or nothing is changed and the
// error is a [*Mismatch]. PyTorch's counters num_batches_tracked are passed over.
func Assign(params []*autograd.Param, tensors map[string]*tensor.Tensor) error {
	m := compare(params, tensors)
	if len(m.Missing)+len(m.Unexpected)+len(m.Shapes) > 0 {
		return m
	}
	fill(params, tensors)
	return nil
}

// AssignMatching is Assign for the names that occur on both sides, such as those of a backbone under
// another head. It returns what was missing and unexpected. Shapes that differ are still an error.
func AssignMatching(params []*autograd.Param, tensors map[string]*tensor.Tensor) (missing, unexpected []string, err error) {
	m := compare(params, tensors)
	if len(m.Shapes) > 0 {
		return nil, nil, &Mismatch{Shapes: m.Shapes}
	}
	fill(params, tensors)
	return m.Missing, m.Unexpected, nil
}

func compare(params []*autograd.Param, tensors map[string]*tensor.Tensor) *Mismatch {
	m := &Mismatch{}
	known := map[string]bool{}
	for _, p := range params {
		known[p.Name] = true
		t := tensors[p.Name]
		if t == nil {
			m.Missing = append(m.Missing, p.Name)
			continue
		}
		want := slices.Clone(p.Value.Shape())
		if len(want) == 4 {
			want = []int{want[3], want[2], want[0], want[1]}
		}
		if !slices.Equal(t.Shape(), want) {
			m.Shapes = append(m.Shapes, fmt.Sprintf("%s is %v, the model has %v", p.Name, t.Shape(), want))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		if !known[name] && !strings.HasSuffix(name, "num_batches_tracked") {
			m.Unexpected = append(m.Unexpected, name)
		}
	}
	return m
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
