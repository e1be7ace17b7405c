package paths

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

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
func (s Set) Effective(weights []Log, fraction float64) EffectiveLengths {
	e := EffectiveLengths{Fraction: fraction}
	shares := Shares(weights)
	order := make([]int, len(shares))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(shares[b], shares[a]) })
	for _, k := range order {
		if shares[k] == 0 || e.Carried >= fraction*(1-1e-12) {
			break
		}
		e.Carried += shares[k]
		e.Lengths = append(e.Lengths, k)
	}
	slices.Sort(e.Lengths)
	for _, k := range e.Lengths {
		e.Share += s.Share(k, k)
	}
	return e
}

// String returns a line such as "lengths 5-17, 0.454 % of the paths, carry 95.2 %".
func (e EffectiveLengths) String() string {
	if len(e.Lengths) == 0 {
		return "no length carries anything"
	}
	var runs []string
	for i := 0; i < len(e.Lengths); {
		j := i + 1
		for j < len(e.Lengths) && e.Lengths[j] == e.Lengths[j-1]+1 {
			j++
		}
		run := strconv.Itoa(e.Lengths[i])
		if j > i+1 {
			run += "-" + strconv.Itoa(e.Lengths[j-1])
		}
		runs = append(runs, run)
		i = j
	}
	return fmt.Sprintf("lengths %s, %.3g %% of the paths, carry %.1f %%", strings.Join(runs, ", "), 100*e.Share, 100*e.Carried)
}
