package infer

import (
	"cmp"
	"slices"
)

// together is how many images go through the steps at once at most. More do not stay in the caches from step to step.
const together = 8

// cached is how many elements the operands and the result of a step have at most for the images that go through it at once,
// if those are several: 4 MB, a core's share of the caches. Fewer images leave the last layers of a net, which are small,
// with too few pixels for the multipliers. A variable, so that tests can lower it.
var cached = 1 << 20

// section is some steps that a few images go through, then the next few.
type section struct {
	steps  []*step
	images int // that go through the steps at once, at most
}

// sections cuts the steps for batches of so many images: the first layers of a net have the largest images, so that the
// numbers rise along the steps.
func sections(steps []*step, batch int) []section {
	var s []section
	images := batch
	for end := len(steps); end > 0; end-- {
		elements := steps[end-1].out.elements()
		for _, v := range steps[end-1].in {
			elements += v.elements()
		}
		for images > 1 && images*elements > cached {
			images = (images + 1) / 2
		}
		if len(s) == 0 || s[0].images != images {
			s = slices.Insert(s, 0, section{images: images})
		}
		s[0].steps = steps[end-1 : end-1+len(s[0].steps)+1]
	}
	return s
}

// lifetimes sets when each buffer is written and last read, and lets steps overwrite an operand that nobody reads again. It
// returns the buffers that need memory.
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
		if s.alias {
			continue
		}
		over := s.op.overwrites()
		if over < 0 || over >= len(s.in) || s.in[over].in == nil {
			continue
		}
		a, b := s.in[over].in.root(), s.out.in.root()
		if a != b && a.last == i && a.size == b.size && (over == 0 || s.in[0].in.root() != a) {
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

// hold sets how many images each buffer holds. One that lives in a single section holds those that go through it at once.
// One that lives longer, as the input and the output do, holds a batch, and as long as any image is in one of its sections.
func hold(buffers []*buffer, sections []section, batch int) {
	from := 0
	for _, s := range sections {
		end := from + len(s.steps)
		for _, b := range buffers {
			begins, ends := from <= b.first && b.first < end, from <= b.last && b.last < end
			switch {
			case begins && ends:
				b.images = s.images
			case s.images == batch:
			case begins:
				b.first = from
			case ends:
				b.last = end - 1
			}
		}
		from = end
	}
	for _, b := range buffers {
		if b.images == 0 {
			b.images, b.whole = batch, true
		}
	}
}

// plan gives each buffer its place in a workspace and returns how many elements that needs. Buffers share memory when their
// lifetimes do not meet: the largest are placed first, each at the lowest place that is free while it lives.
func plan(buffers []*buffer) int {
	slices.SortStableFunc(buffers, func(a, b *buffer) int { return cmp.Compare(b.size*b.images, a.size*a.images) })
	total := 0
	var placed []*buffer // by offset
	for _, b := range buffers {
		b.offset = 0
		for _, p := range placed {
			meet := b.first <= p.last && p.first <= b.last
			if meet && b.offset+b.size*b.images > p.offset {
				b.offset = max(b.offset, p.offset+p.size*p.images)
			}
		}
		at, _ := slices.BinarySearchFunc(placed, b, func(a, b *buffer) int { return cmp.Compare(a.offset, b.offset) })
		placed = slices.Insert(placed, at, b)
		total = max(total, b.offset+b.size*b.images)
	}
	return total
}
