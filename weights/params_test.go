package weights_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// counting returns a parameter whose elements are 0, 1, 2 ...
func counting(name string, shape ...int) *autograd.Param {
	p := autograd.NewParam(name, tensor.New(shape...))
	for i := range p.Value.Data() {
		p.Value.Data()[i] = float32(i)
	}
	return p
}

func model() []*autograd.Param {
	return []*autograd.Param{counting("conv.weight", 3, 2, 4, 5), counting("fc.weight", 2, 3), counting("fc.bias", 2)}
}

func TestConvolutionsAreOIHWInFiles(t *testing.T) {
	m := weights.FromParams(model())
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
	for _, p := range other {
		p.Value.Fill(-1)
	}
	require.NoError(t, weights.Assign(other, &weights.File{Tensors: m}))
	for i, p := range model() {
		require.Equal(t, p.Value.Data(), other[i].Value.Data())
	}
}

func TestFromParamsCopies(t *testing.T) {
	ps := model()
	m := weights.FromParams(ps)
	ps[2].Value.Fill(9)
	require.Equal(t, []float32{0, 1}, m["fc.bias"].Data())
	require.Len(t, weights.FromParams(append(ps, ps[2])), 3, "the same parameter again")
	require.PanicsWithValue(t, `weights: FromParams: two parameters are named "fc.bias": name their layers with nn.Named or nn.NewSequential`, func() {
		weights.FromParams(append(ps, counting("fc.bias", 2)))
	})
}

func TestAssignReportsEveryDifferenceAndChangesNothing(t *testing.T) {
	m := weights.FromParams(model())
	m["fc.bias"].Fill(7)
	delete(m, "conv.weight")
	m["fc.weight"] = tensor.New(3, 2)
	m["head.weight"] = tensor.New(1)
	m["bn1.num_batches_tracked"] = tensor.Scalar(5)

	ps := model()
	f := &weights.File{Tensors: m}
	err := weights.Assign(ps, f)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, &weights.Mismatch{Missing: []string{"conv.weight"}, Unexpected: []string{"head.weight"},
		Shapes: []string{"fc.weight is [3 2], the model has [2 3]"}}, mismatch)
	require.EqualError(t, err, "weights: tensors do not fit the model: 1 missing: conv.weight; 1 unexpected: head.weight; "+
		"1 of another shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Value.Data())

	_, _, err = weights.AssignMatching(ps, f)
	require.EqualError(t, err, "weights: tensors do not fit the model: 1 of another shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Value.Data())

	delete(m, "fc.weight")
	missing, unexpected, err := weights.AssignMatching(ps, f)
	require.NoError(t, err)
	require.Equal(t, []string{"conv.weight", "fc.weight"}, missing)
	require.Equal(t, []string{"head.weight"}, unexpected)
	require.Equal(t, []float32{7, 7}, ps[2].Value.Data())
}

// Two layers without names must not be filled from one tensor.
func TestAssignTellsParametersApart(t *testing.T) {
	first, second := counting("weight", 2), counting("weight", 2)
	f := &weights.File{Tensors: map[string]*tensor.Tensor{"weight": tensor.Full(9, 2)}}
	says := `two parameters are named "weight": name their layers with nn.Named or nn.NewSequential`
	require.EqualError(t, weights.Assign([]*autograd.Param{first, second}, f), "weights: Assign: "+says)
	_, _, err := weights.AssignMatching([]*autograd.Param{first, second}, f)
	require.EqualError(t, err, "weights: AssignMatching: "+says)
	require.Equal(t, []float32{0, 1}, first.Value.Data())

	require.NoError(t, weights.Assign([]*autograd.Param{first, first}, f), "a layer that is used twice")
	require.Equal(t, []float32{9, 9}, first.Value.Data())

	err = weights.Assign([]*autograd.Param{first, nil}, f)
	require.EqualError(t, err, "weights: Assign: parameter 1 is nil: the model has not been built, or the ensemble not fitted")
}

// A tensor whose type is not converted is in nobody's way unless a parameter needs it.
func TestAssignNamesTensorsOfUnsupportedTypes(t *testing.T) {
	f := &weights.File{Tensors: weights.FromParams(model()), Unsupported: map[string]string{"scale": "F8_E8M0"}}
	f.Tensors["fc.bias"].Fill(7)
	missing, unexpected, err := weights.AssignMatching(model(), f)
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, []string{"scale"}, unexpected)
	require.EqualError(t, weights.Assign(model(), f), "weights: tensors do not fit the model: 1 unexpected: scale")

	delete(f.Tensors, "fc.weight")
	f.Unsupported = map[string]string{"fc.weight": "F8_E4M3"}
	ps := model()
	err = weights.Assign(ps, f)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, &weights.Mismatch{Unsupported: []string{"fc.weight is F8_E4M3"}}, mismatch)
	const says = "weights: tensors do not fit the model: 1 of a type that is not converted: fc.weight is F8_E4M3"
	require.EqualError(t, err, says)
	_, _, err = weights.AssignMatching(ps, f)
	require.EqualError(t, err, says)
	require.Equal(t, []float32{0, 1}, ps[2].Value.Data())
}
