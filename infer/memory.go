package infer

import (
	"cmp"
	"slices"

	"github.com/residuum-go/residuum/graph"
)

// together returns how many images should go through the steps at once, however many there are: so many that the larger
// results stay in a second-level cache from step to step, and enough for the smallest to keep the multipliers busy.
func together(g *graph.Graph) int {
	const (
		cache   = 1 << 18 // elements, of a cache of 1 MB
		fewest  = 4
		largest = 32
	)
	most := 1
	for _, n := range g.Nodes {
		if size, err := perImage(n.Shape); err == nil {
			most = max(most, size)
		}
	}
	return min(max(cache/(3*most), fewest), largest) // a step's operand, its result and a skip
}

// plan gives each buffer its place in a workspace and returns how many elements that needs for each image. Buffers share
// memory when their lifetimes do not meet: the largest are placed first, each at the lowest place that is free while it lives.
func plan(buffers []*buffer) int {
	slices.SortStableFunc(buffers, func(a, b *buffer) int { return cmp.Compare(b.size, a.size) })
	total := 0
	var placed []*buffer // by offset
	for _, b := range buffers {
		b.offset = 0
		for _, p := range placed {
			meet := b.first <= p.last && p.first <= b.last
			if meet && b.offset+b.size > p.offset {
				b.offset = max(b.offset, p.offset+p.size)
			}
		}
		at, _ := slices.BinarySearchFunc(placed, b, func(a, b *buffer) int { return cmp.Compare(a.offset, b.offset) })
		placed = slices.Insert(placed, at, b)
		total = max(total, b.offset+b.size)
	}
	return total
}

// lifetimes sets when each buffer is written and last read, and lets elementwise steps overwrite what nobody reads again.
func lifetimes(steps []*step, input, output *value) []*buffer {
	input.in.first, input.in.last = -1, -1
	for i, s := range steps {
		for _, v := range s.in {
			if v.in != nil {
				v.in.root().last = i
			}
		}
		if s.alias {
			s.out.in.merged = s.in[0].in.root()
			continue
		}
		b := s.out.in
		b.first, b.last = i, i
	}
	output.in.root().last = len(steps)
	for i, s := range steps {
		if s.alias || !s.op.inPlace() || s.in[0].in == nil {
			continue
		}
		a, b := s.in[0].in.root(), s.out.in.root()
		if a != b && a.last == i && a.size == b.size && a != input.in.root() {
			a.last, b.merged = b.last, a
		}
	}
	buffers := []*buffer{input.in}
	for _, s := range steps {
		if s.out.in.merged == nil {
			buffers = append(buffers, s.out.in)
		}
	}
	return buffers
}
