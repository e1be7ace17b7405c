package hist

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// All cuts, one by one, by the definition.
func TestBestCutIsTheBestOfAll(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for numbers := 1; numbers <= 2; numbers++ {
			rng := rand.New(rand.NewPCG(1, uint64(numbers)))
			found := 0
			for range 2000 {
				n, l := 1+rng.IntN(Bins-1), Layout{Columns: 1, Numbers: numbers}
				cells, bits := guarded[int64](t, Bins*numbers), 8+rng.IntN(14)
				c := Criterion{L2: rng.ExpFloat64() * float64(rng.IntN(2)), MinWeight: float64(rng.IntN(3)), Counted: bits}
				target, weight := make([]int64, n), make([]int64, n)
				for bin := range n {
					if rng.IntN(3) == 0 {
						continue // nobody is in it
					}
					weight[bin] = 1 + rng.Int64N(int64(1)<<bits/Bins)
					target[bin] = (rng.Int64N(int64(1)<<TargetBits(bits)) - 1<<(TargetBits(bits)-1)) / Bins
					if numbers == 1 {
						cells[bin] = target[bin]<<bits + weight[bin]
					} else {
						cells[2*bin], cells[2*bin+1] = target[bin], weight[bin]
					}
					c.Target, c.Weight = c.Target+target[bin], c.Weight+weight[bin]
				}
				if c.Weight == 0 {
					continue
				}
				least := float64(c.Target) * float64(c.Target) / (float64(c.Weight) + c.L2) * (1 + 0.1*rng.Float64())
				want, worth := -1, least
				tl, wl := int64(0), int64(0)
				for bin := range n {
					tl, wl = tl+target[bin], wl+weight[bin]
					if wl == 0 || wl == c.Weight || float64(min(wl, c.Weight-wl)) < c.MinWeight {
						continue
					}
					l, r, a, b := float64(tl), float64(c.Target-tl), float64(wl)+c.L2, float64(c.Weight-wl)+c.L2
					if v := (float64(l*l*b) + float64(r*r*a)) / (a * b); v > worth {
						want, worth = bin, v
					}
				}
				bin, got := l.BestCut(cells, n, c, least)
				require.Equal(t, want, bin)
				require.Equal(t, worth, got)
				if bin >= 0 {
					found++
				}
			}
			require.Greater(t, found, 1000)
		}
	})
}

// Of equal cuts the first is the best, also where empty bins lie between.
func TestBestCutOfEqualsIsTheLowest(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for first := range 40 {
			cells := make([]int64, Bins)
			cells[first], cells[first+9], cells[first+18] = -3<<8+1, 1, 3<<8+1
			bin, worth := Layout{Columns: 1, Numbers: 1}.BestCut(cells, 60, Criterion{Weight: 3, Counted: 8}, 0)
			require.Equal(t, first, bin) // as good as the one from first + 9 on
			require.InEpsilon(t, 13.5, worth, 1e-15)
		}
	})
}

func TestDivideKeepsTheOrder(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 15, 16, 17, 48, 1000} {
			rng := rand.New(rand.NewPCG(uint64(n), 3))
			words := guarded[uint64](t, n)
			for i := range words {
				words[i] = rng.Uint64()
			}
			goes := &guarded[[Bins]uint8](t, 1)[0]
			for bin := range goes {
				goes[bin] = uint8(rng.IntN(2))
			}
			for k := range perWord {
				rows, spare := guarded[int32](t, n), guarded[int32](t, n)
				var left, right []int32
				for i := range rows {
					rows[i] = int32(n - 1 - i)
					if goes[words[rows[i]]>>(8*k)&255] == 1 {
						left = append(left, rows[i])
					} else {
						right = append(right, rows[i])
					}
				}
				require.Equal(t, len(left), Divide(rows, spare, words, k, goes[:]))
				require.Equal(t, append(left, right...), append([]int32(nil), rows...))
			}
		}
	})
}

func BenchmarkBestCut(b *testing.B) {
	cells := make([]int64, 2*Bins)
	for bin := range Bins {
		cells[bin] = int64(bin)<<20 + 1
	}
	for b.Loop() {
		Layout{Columns: 1, Numbers: 1}.BestCut(cells, 255, Criterion{Target: 255 * 127, Weight: 255, Counted: 20}, 0)
	}
}
