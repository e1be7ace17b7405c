package data

import (
	"cmp"
	"math"
	"slices"
)

// Likely is a class and how probable it is.
type Likely struct {
	Class       string  `json:"class"`
	Index       int     `json:"index"`
	Probability float32 `json:"probability"`
}

// Top returns the k likeliest classes, the likeliest first and of equals that of the lower number, or all where there are
// no k. It returns nil if a probability is NaN, for then there is no order.
func (c Card) Top(probabilities []float32, k int) []Likely {
	ranked := make([]Likely, len(probabilities))
	for i, p := range probabilities {
		if math.IsNaN(float64(p)) {
			return nil
		}
		ranked[i] = Likely{Index: i, Probability: p}
	}
	slices.SortFunc(ranked, func(a, b Likely) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.Index, b.Index))
	})
	ranked = ranked[:min(k, len(ranked))]
	for i := range ranked {
		ranked[i].Class = c.Class(ranked[i].Index)
	}
	return ranked
}
