package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// The file of a stump on the second of two columns, broken in one place at a time.
func TestTablesThatAreNotATree(t *testing.T) {
	stump := []float32{1, 0.5, 1, 1, 0, 3, 9, 0, 0, 0, 0, -1, 0, 4, 0, 0, 0, 0, 2, 0, 5}
	read := func(table *tensor.Tensor) (*Ensemble, error) {
		return ensembleOf(map[string]*tensor.Tensor{
			"start": tensor.New(1), "stages.0.scale": tensor.Full(1, 1), "stages.0.tree.0": table,
		}, `{"row":[2],"outputs":1,"stages":1,"tree":{}}`)
	}
	e, err := read(tensor.From(stump, 3, nodeWidth))
	require.NoError(t, err)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	require.Equal(t, []float32{-1, 2, -1}, e.Predict(tensor.From([]float32{9, 0, 0, 0.5, 0, nan}, 3, 2)).Data())

	for at, values := range map[int][]float32{
		0:  {2, -1, 0.5, nan, inf, 1e30},  // columns
		1:  {nan},                         // cuts
		2:  {0.5, nan},                    // missing
		3:  {-1, 0.5, 2, 3, 1e30, nan, 0}, // the root's left child: out of range, or nobody's child is left over
		10: {1, 2},                        // its child's: itself, or behind the last
		17: {1},                           // above itself
		4:  {nan, inf},                    // values
		5:  {nan, inf},                    // gains
		6:  {nan, inf, -1},                // covers
	} {
		for _, v := range values {
			table := tensor.From(append([]float32{}, stump...), 3, nodeWidth)
			table.Data()[at] = v
			_, err := read(table)
			require.ErrorIs(t, err, weights.ErrFormat, "%v at %d", v, at)
		}
	}
	for _, shape := range [][]int{{0, 7}, {7, 3}, {21}} {
		n := 1
		for _, s := range shape {
			n *= s
		}
		_, err := read(tensor.From(append([]float32{}, stump[:n]...), shape...))
		require.ErrorIs(t, err, weights.ErrFormat, "%v", shape)
	}
}
