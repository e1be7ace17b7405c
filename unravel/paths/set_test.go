package paths

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"
)

func TestVeitsPathCounts(t *testing.T) {
	p := New(54)
	require.Equal(t, "18014398509481984", p.Count().String())
	require.InDelta(t, 0.980, p.Share(19, 35), 0.0005)
	require.InDelta(t, 0.004537, p.Share(5, 17), 0.0000005)
	require.Equal(t, 1.0, p.Share(0, 54))
	for k, share := range p.Distribution() {
		require.InEpsilon(t, distuv.Binomial{N: 54, P: 0.5}.Prob(float64(k)), share, 1e-9)
	}
}

func TestDistributionOfAThousandBlocks(t *testing.T) {
	p := New(1000)
	var sum, mean float64
	for k, share := range p.Distribution() {
		sum += share
		mean += share * float64(k)
	}
	require.InDelta(t, 1, sum, 1e-12)
	require.InDelta(t, 500, mean, 1e-9)
	want := new(big.Int).Binomial(1000, 500)
	got := float64(p.LogCount(500))
	require.InEpsilon(t, float64(want.BitLen())*math.Ln2, got, 1e-3)
	require.Equal(t, LogZero, p.LogCount(1001))
}

func TestEnumeration(t *testing.T) {
	for name, p := range map[string]Set{
		"n=0": New(0), "n=1": New(1), "n=6": New(6), "mixed": {n: 5, free: []int{0, 2, 3}},
	} {
		t.Run(name, func(t *testing.T) {
			count := map[string]int{}
			var before Path
			for flip, path := range p.Gray() {
				count[path.String()]++
				if flip >= 0 {
					before[flip] = !before[flip]
					require.Equal(t, before, path)
				}
				before = append(before[:0], path...)
			}
			require.EqualValues(t, p.Count().Int64(), len(count))
			k := 0
			byLength := map[int]int64{}
			for path := range p.ByLength() {
				count[path.String()]++
				require.GreaterOrEqual(t, path.Length(), k)
				k = path.Length()
				byLength[k]++
			}
			for s, c := range count {
				require.Equal(t, 2, c, s)
			}
			for k, c := range byLength {
				require.Equal(t, p.CountOfLength(k).Int64(), c)
			}
		})
	}
}

// Whoever has seen enough paths stops, also where there are more than could ever be listed.
func TestListsEndEarly(t *testing.T) {
	for path := range New(1000).ByLength() {
		if path.Length() == 1 {
			require.Equal(t, []int{0}, path.Branches())
			break
		}
	}
	for path := range New(1000).OfLength(500) {
		require.Equal(t, 500, path.Length())
		break
	}
	for _, path := range New(3).Gray() {
		if path.Length() == 1 {
			break
		}
	}
	require.PanicsWithValue(t, "paths: Gray: 2^63 paths are too many to list", func() { New(63).Gray() })
}

func TestSampleIsUniform(t *testing.T) {
	p := Set{n: 6, free: []int{0, 1, 3, 4, 5}} // block 2 has no skip
	rng := rand.New(rand.NewPCG(1, 1))
	const draws = 10000
	count := map[string]float64{}
	for range draws {
		path := p.Sample(3, rng)
		require.Equal(t, 3, path.Length())
		require.True(t, path[2])
		count[path.String()]++
	}
	require.Len(t, count, 10)
	var chi float64
	for _, c := range count {
		chi += (c - draws/10) * (c - draws/10) / (draws / 10)
	}
	require.Less(t, chi, distuv.ChiSquared{K: 9}.Quantile(0.999))
	require.Panics(t, func() { p.Sample(0, rng) })
}

func TestInStage(t *testing.T) {
	p := Set{n: 6, free: []int{0, 1, 3, 4, 5}}
	stage := []int{1, 2, 3}
	for k := 0; k <= 6; k++ {
		want := make([]float64, 4)
		for path := range p.OfLength(k) {
			j := 0
			for _, b := range stage {
				if path[b] {
					j++
				}
			}
			want[j]++
		}
		got := p.InStage(stage, k)
		if k == 0 {
			require.Nil(t, got)
			continue
		}
		total := float64(p.CountOfLength(k).Int64())
		for j := range want {
			require.InDelta(t, want[j]/total, got[j], 1e-15)
		}
	}
}

func TestEffective(t *testing.T) {
	p := New(4)
	e := p.Effective([]Log{LogZero, -1000 + Log(math.Log(6)), -1000 + Log(math.Log(3)), -1000, LogZero}, 0.9)
	require.Equal(t, []int{1, 2}, e.Lengths)
	require.InDelta(t, 0.9, e.Carried, 1e-9)
	require.InDelta(t, 10.0/16, e.Share, 1e-15)
	require.Equal(t, "lengths 1-2, 62.5 % of the paths, carry 90.0 %", e.String())
	none := p.Effective([]Log{LogZero}, 0.9)
	require.Empty(t, none.Lengths)
	require.Equal(t, "no length carries anything", none.String())
	require.Equal(t, "lengths 0, 2-3, 68.8 % of the paths, carry 100.0 %", p.Effective([]Log{1, LogZero, 1, 2}, 1).String())
}
