package tensor

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestViewsShareMemory(t *testing.T) {
	a := New(2, 3)
	a.Reshape(3, -1).Set(7, 2, 1)
	require.EqualValues(t, 7, a.At(1, 2))
	a.Slice(1, 2).Set(5, 0, 0)
	require.EqualValues(t, 5, a.At(1, 0))
	require.Equal(t, "[[0 0 0]\n [5 0 7]]", a.String())
}
