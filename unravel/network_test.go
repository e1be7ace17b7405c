package unravel

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func TestForwardAgreesEverywhere(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			want := Forward(e.net, autograd.Const(e.batch.X)).Value()
			a := record(e.net, e.batch.X, true)
			require.True(t, tensor.Equal(want, a.Logits))
			require.True(t, tensor.Equal(want, Run(e.net, Whole(e.net), autograd.Const(e.batch.X)).Value()))
			for i, f := range a.Branch {
				require.True(t, tensor.Equal(f, e.net.Branch(i, autograd.Const(a.State[i])).Value()))
			}
		})
	}
}
