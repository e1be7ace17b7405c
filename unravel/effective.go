package unravel

import "slices"

// EffectiveLengths is the smallest set of path lengths that carries a given fraction of a total.
type EffectiveLengths struct {
	Fraction float64 `json:"fraction"` // asked for
	Carried  float64 `json:"carried"`  // what the lengths carry, at least Fraction
	Lengths  []int   `json:"lengths"`  // ascending, as a rule without gaps
	Share    float64 `json:"share"`    // of all paths that have one of these lengths
}

// Effective returns the smallest set of lengths whose weights make up fraction of the sum of all
// weights (Veit 2016, section 5, where 0.45 % of the paths carry almost the whole gradient).
// weights[k] is the logarithm of what the paths of length k carry together. If all weights are zero
// the set is empty.
func Effective(paths Paths, weights []Log, fraction float64) EffectiveLengths {
	e := EffectiveLengths{Fraction: fraction}
	total := logSum(weights...)
	if total == LogZero {
		return e
	}
	order := span(0, len(weights))
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case weights[a] > weights[b]:
			return -1
		case weights[a] < weights[b]:
			return 1
		}
		return 0
	})
	for _, k := range order {
		if e.Carried >= fraction*(1-1e-12) {
			break
		}
		e.Carried += (weights[k] - total).Value()
		e.Lengths = append(e.Lengths, k)
	}
	slices.Sort(e.Lengths)
	for _, k := range e.Lengths {
		e.Share += paths.Share(k, k)
	}
	return e
}
