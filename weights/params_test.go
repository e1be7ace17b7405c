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
	require.NoError(t, weights.Assign(other, m))
	for i, p := range model() {
		require.Equal(t, p.Value.Data(), other[i].Value.Data())
	}
}

func TestFromParamsCopies(t *testing.T) {
	ps := model()
	m := weights.FromParams(ps)
	ps[2].Value.Fill(9)
	require.Equal(t, []float32{0, 1}, m["fc.bias"].Data())
	require.PanicsWithValue(t, `weights: FromParams: two parameters named "fc.bias"`, func() {
		weights.FromParams(append(ps, ps[2]))
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
	err := weights.Assign(ps, m)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Equal(t, &weights.Mismatch{Missing: []string{"conv.weight"}, Unexpected: []string{"head.weight"},
		Shapes: []string{"fc.weight is [3 2], the model has [2 3]"}}, mismatch)
	require.EqualError(t, err, "weights: tensors do not fit the model: missing: conv.weight; unexpected: head.weight; "+
		"shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Value.Data())

	_, _, err = weights.AssignMatching(ps, m)
	require.EqualError(t, err, "weights: tensors do not fit the model: shape: fc.weight is [3 2], the model has [2 3]")
	require.Equal(t, []float32{0, 1}, ps[2].Value.Data())

	delete(m, "fc.weight")
	missing, unexpected, err := weights.AssignMatching(ps, m)
	require.NoError(t, err)
	require.Equal(t, []string{"conv.weight", "fc.weight"}, missing)
	require.Equal(t, []string{"head.weight"}, unexpected)
	require.Equal(t, []float32{7, 7}, ps[2].Value.Data())
}

func TestMismatchShortensLongLists(t *testing.T) {
	m := &weights.Mismatch{Missing: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}}
	require.EqualError(t, m, "weights: tensors do not fit the model: missing: 1, 2, 3, 4, 5, 6, 7, 8 and 2 more")
}
