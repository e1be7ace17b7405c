package main

import (
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// heaviest is what the most costly part costs.
func heaviest(parts [][]unit, all []work) int64 {
	var most int64
	for _, p := range parts {
		most = max(most, costOf(p, all))
	}
	return most
}

// best tries all ways to cut, and returns what the most costly part costs in the best of them.
func best(all []work, count int) int64 {
	var units []unit
	for _, w := range all {
		units = append(units, w.unit)
	}
	least := costOf(units, all)
	if count == 1 {
		return least
	}
	for at := range units {
		least = min(least, max(costOf(units[at:], all), best(all[:at], count-1)))
	}
	return least
}

func TestACutIsTheMostEvenThereIs(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		var all []work
		for net := range 1 + rng.IntN(4) {
			training := rng.Int64N(20)
			for piece := range 1 + rng.IntN(4) {
				all = append(all, work{unit{Net: "n", Seed: uint64(net), Piece: piece}, rng.Int64N(20), training})
			}
		}
		for count := 1; count < 5; count++ {
			parts := partition(all, count)
			require.Len(t, parts, count)
			var units []unit
			for _, w := range all {
				units = append(units, w.unit)
			}
			require.Equal(t, units, slices.Concat(parts...), "each unit once, in order")
			require.Equal(t, best(all, count), heaviest(parts, all), "%d parts of %v", count, all)
		}
	}
}

// The paper's preset in parts for a few machines and for many.
func TestPartsOfThePaperAreEven(t *testing.T) {
	r, err := newRun(parsed(t, []string{"-preset", "paper", "-data", "embedded", "-resume=false"}), io.Discard)
	require.NoError(t, err)
	all, err := r.work()
	require.NoError(t, err)
	for _, w := range all {
		require.True(t, w.cost > 0 || w.Part == trainingPart, w)
		require.Positive(t, w.training, w)
	}
	for count, bound := range map[int]float64{2: 1.01, 6: 1.05, 24: 1.6} {
		parts := partition(all, count)
		var sum int64
		for _, p := range parts {
			sum += costOf(p, all)
		}
		require.Less(t, float64(heaviest(parts, all))*float64(count)/float64(sum), bound, "%d parts", count)
	}
}

func TestUnitsAreListedInShort(t *testing.T) {
	units := []unit{{"plain", 2, "training", 0, 1}, {"plain", 2, "deleting", 0, 2}, {"plain", 2, "deleting", 1, 2}, {"plain", 3, "deleting", 1, 2}}
	require.Equal(t, "plain, seed 2: training; plain, seed 2: deleting; plain, seed 3: deleting (1 of 2 pieces)", listed(units))
	require.Equal(t, "nothing", listed(nil))
}
