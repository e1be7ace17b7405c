package main

import (
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// costOf is what one part costs that does all of it.
func costOf(all []work) int64 { return deal(all, math.MaxInt64)[0].cost }

// best tries all ways to cut, and returns what the most costly part costs in the best of them.
func best(all []work, count int) int64 {
	lowest := costOf(all)
	for at := 1; count > 1 && at < len(all); at++ {
		lowest = min(lowest, max(costOf(all[at:]), best(all[:at], count-1)))
	}
	return lowest
}

func TestACutIsEven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var all []work
		var units []unit
		for net := range 1 + rng.IntN(4) {
			training := rng.Int64N(20)
			for piece := range 1 + rng.IntN(4) {
				units = append(units, unit{Net: "n", Seed: uint64(net), Piece: piece})
				all = append(all, work{units[len(units)-1:], rng.Int64N(20), training})
			}
		}
		for count := 1; count < 5; count++ {
			parts := partition(all, count)
			require.LessOrEqual(t, len(parts), count)
			var got []unit
			for _, p := range parts {
				got = append(got, p.units...)
			}
			require.Equal(t, units, got, "each unit once, in order")
			lowest := best(all, count)
			require.Equal(t, lowest, least(all, count), "%d parts of %v", count, all)
			longest, sum := together(parts)
			if sum == costOf(all) { // no net is trained twice
				require.LessOrEqual(t, longest, lowest+lowest/2)
			} else {
				require.Equal(t, lowest, longest)
			}
		}
	}
}

// together returns what the most costly part costs, and what all do.
func together(parts []parcel) (longest, sum int64) {
	for _, p := range parts {
		longest, sum = max(longest, p.cost), sum+p.cost
	}
	return longest, sum
}

// The paper's preset in parts for a few machines and for many: how long the longest takes, and what all cost, of what one
// process takes that does everything. Twelve epochs of the embedded images are as long as two of all. With -v it prints
// the table of docs/cluster.md.
func TestPartsOfThePaperAreEven(t *testing.T) {
	for _, c := range []struct {
		seeds        string
		parts        int
		longest, sum float64 // at most
	}{
		{"3", 2, 0.52, 1}, {"3", 6, 0.2, 1}, {"3", 24, 0.13, 1}, {"30", 24, 0.05, 1}, {"30", 200, 0.013, 1},
	} {
		r, err := newRun(parsed(t, []string{"-preset", "paper", "-data", "embedded", "-epochs", "12", "-resume=false", "-seeds", c.seeds}), io.Discard)
		require.NoError(t, err)
		all, err := r.work()
		require.NoError(t, err)
		for _, w := range all {
			require.True(t, w.cost > 0 || w.units[0].Part == trainingPart, w)
			require.Positive(t, w.training, w)
		}
		parts := partition(all, c.parts)
		longest, sum := together(parts)
		one := float64(costOf(all))
		t.Logf("| %s | %d | %d | %.1f %% | %.2f |", c.seeds, c.parts, len(parts), percent*float64(longest)/one, float64(sum)/one)
		require.LessOrEqual(t, float64(longest), c.longest*one)
		require.LessOrEqual(t, float64(sum), c.sum*one)
	}
}

func TestUnitsAreListedInShort(t *testing.T) {
	units := []unit{{"plain", 2, "training", 0, 1}, {"plain", 2, "deleting", 0, 2}, {"plain", 2, "deleting", 1, 2}, {"plain", 3, "deleting", 1, 2}}
	require.Equal(t, "plain, seed 2: training; plain, seed 2: deleting; plain, seed 3: deleting (1 of 2 pieces)", listed(units))
	require.Equal(t, "nothing", listed(nil))
}
