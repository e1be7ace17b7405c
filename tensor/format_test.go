package tensor_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func TestString(t *testing.T) {
	count := tensor.New(2000)
	for i := range count.Data() {
		count.Data()[i] = float32(i)
	}
	for _, c := range []struct {
		a    *tensor.Tensor
		want string
	}{
		{tensor.Scalar(1.5), "1.5"},
		{tensor.New(0), "[] of shape [0]"},
		{tensor.New(2, 0, 3), "[] of shape [2 0 3]"},
		{tensor.From([]float32{1, -0.25, 1e-9, 123456.7}, 4), "[         1      -0.25      1e-09 1.2346e+05]"},
		{tensor.From([]float32{float32(math.NaN()), float32(math.Inf(-1))}, 2), "[ NaN -Inf]"},
		{tensor.From([]float32{1, 2, 30, 4}, 2, 2), "[[ 1  2]\n [30  4]]"},
		{tensor.New(2, 1, 2), "[[[0 0]]\n\n [[0 0]]]"},
		{count, "[   0    1    2 ... 1997 1998 1999]"},
		{count.Reshape(500, 4), "[[   0    1    2    3]\n [   4    5    6    7]\n [   8    9   10   11]\n ...\n" +
			" [1988 1989 1990 1991]\n [1992 1993 1994 1995]\n [1996 1997 1998 1999]]"},
	} {
		require.Equal(t, c.want, c.a.String())
	}
}
