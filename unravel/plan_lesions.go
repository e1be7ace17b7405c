package unravel

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/unravel/paths"
)

// Point is one position on the horizontal axis of a figure: the plans that stand for it and, once
// measured, their scores.
type Point struct {
	X      float64      `json:"x"` // number of blocks deleted, of swaps, ...
	Plans  []Plan       `json:"plans"`
	Scores []data.Score `json:"scores"`
}

// Error returns the spread of the error rate over the plans.
func (p Point) Error() Spread { return p.spread(data.Score.Error) }

// Accuracy returns the spread of the accuracy over the plans.
func (p Point) Accuracy() Spread { return p.spread(data.Score.Accuracy) }

// Loss returns the spread of the mean cross-entropy over the plans.
func (p Point) Loss() Spread { return p.spread(data.Score.Loss) }

func (p Point) spread(of func(data.Score) float64) Spread {
	v := make([]float64, len(p.Scores))
	for i, s := range p.Scores {
		v[i] = of(s)
	}
	return SpreadOf(v)
}

// Measure fills in the scores of all points, sharing work between all their plans.
func (s *Study) Measure(ctx context.Context, points []Point) error {
	var plans []Plan
	for _, p := range points {
		plans = append(plans, p.Plans...)
	}
	scores, err := s.evaluate(ctx, plans, s.keys())
	if err != nil {
		return fmt.Errorf("unravel: Measure: %w", err)
	}
	for i := range points {
		n := len(points[i].Plans)
		points[i].Scores, scores = scores[:n:n], scores[n:]
	}
	return nil
}

// DeleteEach returns a plan for each block, the i-th with block i deleted (Veit 2016, section 4.1, figure 3). For
// another ablation use [Ablate].
func DeleteEach(net Network) []Plan {
	plans := make([]Plan, net.Len())
	for i := range plans {
		plans[i] = Whole(net).With(Delete, i)
	}
	return plans
}

// DeletePairs returns the n(n-1)/2 plans with two blocks deleted, in lexicographic order.
func DeletePairs(net Network) []Plan {
	var plans []Plan
	n := net.Len()
	for i := range n {
		for j := i + 1; j < n; j++ {
			plans = append(plans, Whole(net).With(Delete, i, j))
		}
	}
	return plans
}

// DeleteRandom returns plans with k random blocks deleted: all of them, in lexicographic order, if
// there are no more than draws, else that many different ones.
func DeleteRandom(net Network, k, draws int, rng *rand.Rand) []Plan {
	var plans []Plan
	for _, blocks := range choices(net.Len(), k, draws, rng) {
		plans = append(plans, Whole(net).With(Delete, blocks...))
	}
	return plans
}

// choices returns up to draws different subsets of k of 0..n-1, or all of them if they are no more.
func choices(n, k, draws int, rng *rand.Rand) [][]int {
	if k < 0 || k > n || draws < 1 {
		panic(fmt.Sprintf("unravel: choose %d of %d blocks in %d draws", k, n, draws))
	}
	var all [][]int
	set := paths.New(n)
	if c := set.CountOfLength(k); c.IsInt64() && c.Int64() <= int64(draws) {
		for chosen := range set.OfLength(k) {
			all = append(all, chosen.Branches())
		}
		return all
	}
	seen := map[string]bool{}
	for len(all) < draws {
		chosen := set.Sample(k, rng)
		if key := chosen.String(); !seen[key] {
			seen[key] = true
			all = append(all, chosen.Branches())
		}
	}
	return all
}

// CurveOptions says which points a curve has.
type CurveOptions struct {
	Counts []int  // of blocks deleted, or of swaps: a point for each
	Draws  int    // random plans at each point
	Seed   uint64 // of the draws; those of one count do not depend on the other counts
}

// DeletionCurve returns a point for each number of deleted blocks, with up to o.Draws different random
// choices of blocks each (Veit 2016, section 4.2, figure 5a).
func DeletionCurve(net Network, o CurveOptions) []Point {
	points := make([]Point, len(o.Counts))
	for i, k := range o.Counts {
		rng := rand.New(rand.NewPCG(o.Seed, uint64(k)))
		points[i] = Point{X: float64(k), Plans: DeleteRandom(net, k, o.Draws, rng)}
	}
	return points
}

// DeleteRuns returns the plans with length consecutive blocks deleted, by first block.
func DeleteRuns(net Network, length int) []Plan {
	var plans []Plan
	for first := 0; first+length <= net.Len(); first++ {
		plans = append(plans, DeleteGroups(net, [][]int{span(first, length)})...)
	}
	return plans
}

// DeleteGroups returns one plan for each group, with all its blocks deleted: with [Stages], whole
// stages; with [Interchangeable], only the blocks that keep the shape.
func DeleteGroups(net Network, groups [][]int) []Plan {
	plans := make([]Plan, len(groups))
	for i, g := range groups {
		plans[i] = Whole(net).With(Delete, g...)
	}
	return plans
}

// EarlyExits returns n+1 plans, the i-th with the first i blocks kept and all others deleted: the
// net truncated and read out by its own head.
func EarlyExits(net Network) []Plan {
	plans := make([]Plan, net.Len()+1)
	for i := range plans {
		plans[i] = only(net, span(0, i))
	}
	return plans
}

func span(first, length int) []int {
	s := make([]int, length)
	for i := range s {
		s[i] = first + i
	}
	return s
}

// Removal is one step of Greedy.
type Removal struct {
	Block int        `json:"block"` // deleted in this step, after those of the steps before
	Name  string     `json:"name"`  // of the block
	Score data.Score `json:"score"` // with it deleted
}

// wholeStep is what one step of Greedy counts in its progress: steps are not equally long.
const wholeStep = 1000

// Greedy deletes one block after the other, each time the one whose deletion leaves the lowest loss,
// until steps blocks are gone. It costs about steps*n/2 forward passes. When ctx is done, what was found so
// far comes with its error.
func (s *Study) Greedy(ctx context.Context, steps int) ([]Removal, error) {
	n := s.net.Len()
	if steps < 0 || steps > n {
		panic(fmt.Sprintf("unravel: Greedy: %d of %d blocks", steps, n))
	}
	plan := Whole(s.net)
	ks := s.keys()
	part := *s
	var done []Removal
	for step := range steps {
		if s.opts.Progress != nil {
			part.opts.Progress = func(d, t int) { s.opts.Progress(step*wholeStep+d*wholeStep/t, steps*wholeStep) }
		}
		var plans []Plan
		var blocks []int
		for i, step := range plan {
			if step.Do == Keep {
				plans = append(plans, plan.With(Delete, i))
				blocks = append(blocks, i)
			}
		}
		scores, err := part.evaluate(ctx, plans, ks)
		if err != nil {
			return done, fmt.Errorf("unravel: Greedy: %w", err)
		}
		best := 0
		for i, score := range scores {
			if worse(scores[best], score) {
				best = i
			}
		}
		plan = plans[best]
		done = append(done, Removal{blocks[best], BlockName(s.net, blocks[best]), scores[best]})
	}
	return done, nil
}

// worse reports whether a has more non-finite examples than b or, if equal, a higher loss.
func worse(a, b data.Score) bool {
	if a.NonFinite != b.NonFinite {
		return a.NonFinite > b.NonFinite
	}
	return a.LossSum > b.LossSum
}
