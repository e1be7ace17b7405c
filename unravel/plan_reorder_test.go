package unravel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReordering(t *testing.T) {
	groups := [][]int{{0, 1, 2, 3}, {4}, {5, 6, 7}}
	const n = 8
	rng := rand.New(rand.NewPCG(2, 3))
	group := func(b int) int {
		for i, g := range groups {
			if b >= g[0] && b <= g[len(g)-1] {
				return i
			}
		}
		return -1
	}
	for range 50 {
		for _, p := range []Plan{Swaps(ofLen(n), groups, 5, rng), Shuffle(ofLen(n), groups, rng), Reverse(ofLen(n), groups)} {
			seen := map[int]bool{}
			for i, s := range p {
				require.Equal(t, group(i), group(s.Block), "stays within its group")
				seen[s.Block] = true
			}
			require.Len(t, seen, n)
		}
	}
	require.Equal(t, 1.0, Whole(ofLen(n)).Tau())
	require.Equal(t, -1.0, Reverse(ofLen(3), [][]int{{0, 1, 2}}).Tau())
	require.InDelta(t, 1-2*9.0/28, Reverse(ofLen(n), groups).Tau(), 1e-12) // 6 + 3 of 28 pairs turned round
	require.Equal(t, Whole(ofLen(2)), Swaps(ofLen(2), [][]int{{0}, {1}}, 3, rng))
	require.Equal(t, 1.0, SwapCurve(ofLen(n), groups, CurveOptions{Counts: []int{0, 2}, Draws: 3, Seed: 1})[0].Plans[2].Tau())
}
