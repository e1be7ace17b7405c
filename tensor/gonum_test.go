package tensor_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/tensor"
)

func TestGonumRoundTrip(t *testing.T) {
	a := normal(source(t), 3, 5)
	d := a.Dense()
	r, c := d.Dims()
	require.Equal(t, []int{3, 5}, []int{r, c})
	require.EqualValues(t, a.At(2, 1), d.At(2, 1))
	require.True(t, tensor.Equal(a, tensor.FromDense(d)))
	require.True(t, tensor.Equal(tensor.Transpose(nil, a), tensor.FromDense(d.T())), "any mat.Matrix")
	require.True(t, tensor.New(0, 3).Dense().IsEmpty())
	require.Equal(t, []int{0, 0}, tensor.FromDense(&mat.Dense{}).Shape())
}

func TestMatMulAgreesWithGonum(t *testing.T) {
	r := source(t)
	a, b := normal(r, 20, 31), normal(r, 31, 8)
	var want mat.Dense
	want.Mul(a.Dense(), b.Dense())
	require.True(t, tensor.AllClose(tensor.MatMul(nil, a, b, tensor.NN), tensor.FromDense(&want), 1e-5, 1e-5))
}
