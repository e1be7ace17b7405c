package data

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTop(t *testing.T) {
	c := Card{Classes: []string{"cat", "dog", "horse", "cow"}}
	p := []float32{0.1, 0.3, 0.3, float32(math.Inf(1))}
	want := []Likely{{"cow", 3, p[3]}, {"dog", 1, 0.3}, {"horse", 2, 0.3}, {"cat", 0, 0.1}}
	for k := range 6 {
		require.Equal(t, want[:min(k, 4)], c.Top(p, k))
	}
	require.Equal(t, "2", Card{}.Top([]float32{0, 0, 1}, 1)[0].Class)
	require.Nil(t, c.Top([]float32{0, 1, float32(math.NaN()), 0}, 1))
}
