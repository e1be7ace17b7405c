package infer

import (
	"cmp"
	"slices"
)

// together is how many images go through the steps at once, however many there are. More do not stay in the caches from
// step to step; fewer leave the last layers of a net with too few pixels for the multipliers.
const together = 8

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
		if a != b && a.last == i && a.size == b.size {
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
