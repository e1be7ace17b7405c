package unravel

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Swaps returns the plan in which k random pairs of blocks of one group have traded places, one pair
// after the other; a block may be moved more than once (Veit 2016, section 4.3). groups come from
// [Interchangeable]. If no group has two blocks the plan is the whole net.
func Swaps(net Network, groups [][]int, k int, rng *rand.Rand) Plan {
	p := Whole(net)
	var pairs int
	for _, g := range groups {
		pairs += len(g) * (len(g) - 1) / 2
	}
	if pairs == 0 {
		return p
	}
	for range k {
		i, j := pick(groups, rng.IntN(pairs))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// pick returns the r-th pair of positions that lie in one group.
func pick(groups [][]int, r int) (int, int) {
	for _, g := range groups {
		for a := range g {
			if rest := len(g) - 1 - a; r >= rest {
				r -= rest
				continue
			}
			return g[a], g[a+1+r]
		}
	}
	panic("unravel: pair out of range")
}

// SwapCurve returns a point for each number of swaps, with o.Draws random plans each (Veit 2016,
// figure 5b, whose horizontal axis is the Tau of each plan).
func SwapCurve(net Network, groups [][]int, o CurveOptions) []Point {
	if o.Draws < 1 {
		panic(fmt.Sprintf("unravel: SwapCurve: %d draws", o.Draws))
	}
	points := make([]Point, len(o.Counts))
	for i, k := range o.Counts {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(k)))
		points[i].X = float64(k)
		for range o.Draws {
			points[i].Plans = append(points[i].Plans, Swaps(net, groups, k, rng))
		}
	}
	return points
}

// Shuffle returns the plan in which the blocks of each group are in random order.
func Shuffle(net Network, groups [][]int, rng *rand.Rand) Plan {
	p := Whole(net)
	for _, g := range groups {
		rng.Shuffle(len(g), func(a, b int) { p[g[a]], p[g[b]] = p[g[b]], p[g[a]] })
	}
	return p
}

// Reverse returns the plan in which the blocks of each group are in reverse order.
func Reverse(net Network, groups [][]int) Plan {
	p := Whole(net)
	for _, g := range groups {
		for a, b := 0, len(g)-1; a < b; a, b = a+1, b-1 {
			p[g[a]], p[g[b]] = p[g[b]], p[g[a]]
		}
	}
	return p
}

// Repeat returns the plan in which a block runs the given number of times in a row. The block must
// not change the shape.
func Repeat[R Ref](net Network, block R, times int) Plan {
	p := Whole(net)
	i := index("Repeat", net, block)
	return slices.Concat(p[:i], slices.Repeat(p[i:i+1], times), p[i+1:])
}
