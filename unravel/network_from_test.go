package unravel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

func TestPartsOfANetComputeWhatItDoes(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			x := autograd.Const(e.batch.X)
			want := Forward(e.net, x).Value()
			for i := range e.net.Len() + 1 {
				part := From(e.net, i)
				require.Equal(t, e.net.Len()-i, part.Len())
				require.True(t, tensor.Equal(want, Forward(part, x).Value()))
				require.True(t, tensor.Equal(want, Forward(FromInput(part), x).Value()))
			}
		})
	}
	require.Panics(t, func() { From(zoo()["mlp"].net, 10) })
}

// The gradient by the input that all paths of one length carry is the one by y_0 taken through the stem.
func TestFromInput(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			g, err := gradientOf(context.Background(), e.net, e.batch, 0)
			require.NoError(t, err)
			input, err := gradientOf(context.Background(), FromInput(e.net), e.batch, 0)
			require.NoError(t, err)
			require.Equal(t, g.Norm[1:], input.Norm[1:])
			for k := range g.Norm[0] {
				by0, exp := g.At(k)
				if by0 == nil {
					require.Equal(t, paths.LogZero, input.Norm[0][k])
					continue
				}
				tape := evaluationTape()
				x := tape.Input(e.batch.X)
				want := autograd.VJP(e.net.Stem(x), autograd.Const(by0), x)[0].Value()
				got, other := input.At(k)
				requireClose(t, sumScaled([]scaled{{want, exp}}, want.Shape()), sumScaled([]scaled{{got, other}}, want.Shape()))
			}
		})
	}
}
