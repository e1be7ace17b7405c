package tensor

import "gonum.org/v1/gonum/mat"

// Dense returns a matrix [r,c] as a gonum matrix, with a float64 copy of the elements. As gonum has
// no matrices with one empty side, a matrix without elements becomes gonum's empty matrix.
func (t *Tensor) Dense() *mat.Dense {
	if len(t.shape) != 2 {
		fail("Dense", "not a matrix", t.shape)
	}
	if len(t.data) == 0 {
		return &mat.Dense{}
	}
	data := make([]float64, len(t.data))
	for i, v := range t.data {
		data[i] = float64(v)
	}
	return mat.NewDense(t.shape[0], t.shape[1], data)
}

// FromDense returns a copy of a gonum matrix, rounded to float32, of shape [r,c].
func FromDense(m mat.Matrix) *Tensor {
	r, c := m.Dims()
	t := New(r, c)
	for i := range r {
		for j := range c {
			t.data[i*c+j] = float32(m.At(i, j))
		}
	}
	return t
}
