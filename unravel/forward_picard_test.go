package unravel

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// picard computes the m-th Picard iterate by its definition.
func picard(net Network, x *tensor.Tensor, m int) []*autograd.Var {
	y := []*autograd.Var{net.Stem(autograd.Const(x))}
	var before []*autograd.Var
	if m > 0 {
		before = picard(net, x, m-1)
	}
	for i := range net.Len() {
		switch {
		case m == 0:
			y = append(y, net.Join(i, net.Skip(i, y[i]), nil))
		case net.Sums(i):
			y = append(y, net.Join(i, net.Skip(i, y[i]), net.Branch(i, before[i])))
		default:
			y = append(y, net.Branch(i, before[i]))
		}
	}
	return y
}

func TestPicard(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			s := studyOf(e.net, e.batch)
			orders, err := s.Picard(context.Background(), n+5)
			require.NoError(t, err)
			require.Len(t, orders, n+1)
			for m, o := range orders {
				want := data.ScoreOf(e.net.Head(picard(e.net, e.batch.X, m)[n]).Value(), e.batch.Labels)
				require.Equal(t, m, o.Order)
				require.InDelta(t, want.LossSum, o.Score.LossSum, 1e-5)
			}
			require.Zero(t, orders[n].Distance)
			require.Positive(t, orders[0].Distance)
		})
	}
}

// TestPicardOfALinearNet: order m of a linear net holds the paths up to length m.
func TestPicardOfALinearNet(t *testing.T) {
	e := zoo()["linear"]
	n := e.net.Len()
	for m := range n {
		sum := tensor.New(e.batch.X.Shape()...)
		for k := range m + 1 {
			for path := range paths.New(n).OfLength(k) {
				y := autograd.Const(e.batch.X)
				for i, taken := range path {
					if taken {
						y = e.net.Branch(i, y)
					}
				}
				tensor.Add(sum, sum, y.Value())
			}
		}
		requireClose(t, sum, picard(e.net, e.batch.X, m)[n].Value())
	}
}
