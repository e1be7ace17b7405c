package weights_test

import (
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// entry is a tensor of a model, and entries are a model.
type entry struct {
	name string
	*tensor.Tensor
}

type entries []entry

func (e entries) state() iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		for _, t := range e {
			if !yield(t.name, t.Tensor) {
				return
			}
		}
	}
}

// counting returns a tensor whose elements are 0, 1, 2 ...
func counting(name string, shape ...int) entry {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i)
	}
	return entry{name, t}
}

func model() entries {
	return entries{counting("conv.weight", 3, 2, 4, 5), counting("fc.weight", 2, 3), counting("fc.bias", 2)}
}

func TestConvolutionsAreOIHWInFiles(t *testing.T) {
	m := weights.FromState(model().state())
	w := m["conv.weight"]
	require.Equal(t, []int{5, 4, 3, 2}, w.Shape())
	for r := range 3 {
		for s := range 2 {
			for c := range 4 {
				for k := range 5 {
					require.EqualValues(t, ((r*2+s)*4+c)*5+k, w.At(k, c, r, s))
				}
			}
		}
	}
	require.Equal(t, []int{2, 3}, m["fc.weight"].Shape())

	other := model()
	for _, x := range other {
		x.Fill(-1)
	}
	require.NoError(t, weights.Assign(other.state(), &weights.File{Tensors: m}))
	for i, x := range model() {
		require.Equal(t, x.Data(), other[i].Data())
	}
}

func TestFromStateCopies(t *testing.T) {
	ps := model()
	m := weights.FromState(ps.state())
	ps[2].Fill(9)
	require.Equal(t, []float32{0, 1}, m["fc.bias"].Data())
	require.Len(t, weights.FromState(append(ps, ps[2]).state()), 3, "the same tensor again")
	require.PanicsWithValue(t, `weights: FromState: two tensors are named "fc.bias": give the parts of the model different names`, func() {
		weights.FromState(append(ps, counting("fc.bias", 2)).state())
	})
}

func TestAssignReportsEveryDifferenceAndChangesNothing(t *testing.T) {
	m := weights.FromState(model().state())
	m["fc.bias"].Fill(7)
	delete(m, "conv.weight")
	m["fc.weight"] = tensor.New(3, 2)
	m["head.weight"] = tensor.New(1)
	m["bn1.num_batches_tracked"] = tensor.Scalar(5)

	ps := model()
	f := &weights.File{Tensors: m}
	err := weights.Assign(ps.state(), f)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, &weights.Mismatch{Missing: []string{"conv.weight"}, Unexpected: []string{"head.weight"},
		Shapes: []string{"fc.weight is [3 2], the model has [2 3]"}}, mismatch)
	require.EqualError(t, err, "weights: tensors do not fit the model: 1 missing: conv.weight; 1 unexpected: head.weight; "+
		"1 of another shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Data())

	_, _, err = weights.AssignMatching(ps.state(), f)
	require.EqualError(t, err, "weights: tensors do not fit the model: 1 of another shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Data())

	delete(m, "fc.weight")
	missing, unexpected, err := weights.AssignMatching(ps.state(), f)
	require.NoError(t, err)
	require.Equal(t, []string{"conv.weight", "fc.weight"}, missing)
	require.Equal(t, []string{"head.weight"}, unexpected)
	require.Equal(t, []float32{7, 7}, ps[2].Data())
}

// Two tensors of one name must not be filled from one.
func TestAssignTellsTensorsApart(t *testing.T) {
	first, second := counting("weight", 2), counting("weight", 2)
	f := &weights.File{Tensors: map[string]*tensor.Tensor{"weight": tensor.Full(9, 2)}}
	says := `two tensors are named "weight": give the parts of the model different names`
	require.EqualError(t, weights.Assign(entries{first, second}.state(), f), "weights: Assign: "+says)
	_, _, err := weights.AssignMatching(entries{first, second}.state(), f)
	require.EqualError(t, err, "weights: AssignMatching: "+says)
	require.Equal(t, []float32{0, 1}, first.Data())

	require.NoError(t, weights.Assign(entries{first, first}.state(), f), "a layer that is used twice")
	require.Equal(t, []float32{9, 9}, first.Data())

	err = weights.Assign(entries{first, {"scale", nil}}.state(), f)
	require.EqualError(t, err, `weights: Assign: tensor "scale" is nil: the model has not been built`)
}

// A tensor whose type is not converted is in nobody's way unless the model needs it.
func TestAssignNamesTensorsOfUnsupportedTypes(t *testing.T) {
	f := &weights.File{Tensors: weights.FromState(model().state()), Unsupported: map[string]string{"scale": "F8_E8M0"}}
	f.Tensors["fc.bias"].Fill(7)
	missing, unexpected, err := weights.AssignMatching(model().state(), f)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, []string{"scale"}, unexpected)
	require.EqualError(t, weights.Assign(model().state(), f), "weights: tensors do not fit the model: 1 unexpected: scale")

	delete(f.Tensors, "fc.weight")
	f.Unsupported = map[string]string{"fc.weight": "F8_E4M3"}
	ps := model()
	err = weights.Assign(ps.state(), f)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, &weights.Mismatch{Unsupported: []string{"fc.weight is F8_E4M3"}}, mismatch)
	const says = "weights: tensors do not fit the model: 1 of a type that is not converted: fc.weight is F8_E4M3"
	require.EqualError(t, err, says)
	_, _, err = weights.AssignMatching(ps.state(), f)
	require.EqualError(t, err, says)
	require.Equal(t, []float32{0, 1}, ps[2].Data())
}
