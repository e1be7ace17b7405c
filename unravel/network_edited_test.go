package unravel

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/unravel/paths"
)

func TestEditedComputesWhatRunDoes(t *testing.T) {
	for name, e := range zoo() {
		t.Run("net="+name, func(t *testing.T) {
			n := e.net.Len()
			rng := rand.New(rand.NewPCG(1, 2))
			plans := []Plan{Whole(ofLen(n)), Only[int](e.net), Reverse(ofLen(n), Interchangeable(e.net, e.batch.X))}
			for range 5 {
				plans = append(plans, Shuffle(ofLen(n), Interchangeable(e.net, e.batch.X), rng).With(Delete, paths.New(n).Sample(n/2, rng).Branches()...))
			}
			for _, p := range plans {
				net := Edited(e.net, p)
				require.Equal(t, n-len(p.Deleted()), net.Len())
				x := autograd.Const(e.batch.X)
				require.Equal(t, Run(e.net, p, x).Value(), Forward(net, x).Value(), "plan %v", p)

				g, err := gradientOf(context.Background(), net, e.batch, 0)
				require.NoError(t, err)
				requireClose(t, ordinary(net, e.batch), g.Sum())
			}
		})
	}
}

// A path through the edited net is a path through the whole net at the edited net's activations.
func TestEditedHasThePathsThatAreLeft(t *testing.T) {
	e := zoo()["mlp"]
	n := e.net.Len()
	net := Edited(e.net, Repeat(ofLen(n), 0, 3).With(Delete, n-1))
	require.Equal(t, n+1, PathsOf(net).Blocks())
	g, err := gradientOf(context.Background(), net, e.batch, 0)
	require.NoError(t, err)
	for k := 0; k <= net.Len(); k++ {
		var want []scaled
		for path := range PathsOf(net).OfLength(k) {
			want = append(want, scaled{t: pathGradient(net, e.batch, path)})
		}
		got, exp := g.At(k)
		requireClose(t, sumScaled(want, g.shape), sumScaled([]scaled{{t: got, exp: exp}}, g.shape))
	}
}

func TestEditedPanicsOnWhatItCannotDo(t *testing.T) {
	net := newMLP(rand.New(rand.NewPCG(1, 1)), 3, 1, 0)
	require.PanicsWithValue(t, "unravel: Edited: plan 0 noise:1 2: want keep and delete alone", func() {
		Edited(net, Ablate(ofLen(3), Noise, 1))
	})
	require.Panics(t, func() { Edited(net, Plan{{Block: 3}}) })
}
