package boost

import "slices"

// monotone returns 1, -1 or 0 for a column in which the trees have to rise, to fall or neither.
func (t *Tree) monotone(column int) int {
	switch {
	case slices.Contains(t.Rising, column):
		return 1
	case slices.Contains(t.Falling, column):
		return -1
	}
	return 0
}

// bound gives the children of a split on a constrained column bounds that part the values of all leaves below them midway
// between their own values, so that no later split undoes the order.
func (g *grower) bound(column int, left, right *leaf) {
	sign := g.monotone(column)
	if sign == 0 {
		return
	}
	vl, vr := g.value(g.sums(left.total), left.bounds), g.value(g.sums(right.total), right.bounds)
	middle := (vl + vr) / 2
	if sign > 0 {
		left.bounds.high, right.bounds.low = middle, middle
	} else {
		left.bounds.low, right.bounds.high = middle, middle
	}
}

// allowed returns the columns that may be split below a path, ascending: those that share a group of Interactions with all
// of its columns. Without groups all may.
func (g *grower) allowed(path []int) []int {
	if len(g.Interactions) == 0 || len(path) == 0 {
		return g.columns
	}
	var out []int
	for _, f := range g.columns {
		ok := len(path) == 1 && path[0] == f // a column that is in no group may go on alone
		for _, group := range g.Interactions {
			ok = ok || slices.Contains(group, f) && !slices.ContainsFunc(path, func(p int) bool { return !slices.Contains(group, p) })
		}
		if ok {
			out = append(out, f)
		}
	}
	return out
}
