package boost

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// No rows give no scores: from Predict, from the network, and at every stage of it.
func TestEnsemblesOnNoRows(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			shape := append([]int{0}, c.d.X.Shape()[1:]...)
			none, want := tensor.New(shape...), []int{0, c.e.Predict(c.d.X).Dim(1)}
			stages := 0
			for _, scores := range c.e.Staged(none) {
				require.Equal(t, want, scores.Shape())
				stages++
			}
			require.Equal(t, c.e.Len()+1, stages)
			require.Equal(t, want, c.e.Forward(autograd.Const(none)).Shape())
			require.Equal(t, want, c.e.Forward(autograd.Const(none.Reshape(0, c.e.inputs))).Shape())
			require.PanicsWithValue(t, fmt.Sprintf("boost: Stem: []: fitted on rows of shape %v", c.e.row), func() {
				c.e.Stem(autograd.Const(tensor.New()))
			})
			tape := autograd.NewTape(1)
			in := tape.Input(none)
			require.Equal(t, shape, autograd.VJP(c.e.Forward(in), nil, in)[0].Shape())
		})
	}
}
