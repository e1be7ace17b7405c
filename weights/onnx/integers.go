package onnx

import "slices"

// Integers are shapes, axes and indices: a file computes them from the shapes of what flows through the net, so they
// are known wherever shapes are.

// most bounds how many integers a value may hold, since a file can ask for more than it holds.
const most = 1 << 16

// wholesOf returns integers as a value.
func wholesOf(ints []int64, shape ...int) *value {
	if ints == nil {
		ints = []int64{}
	}
	return &value{shape: shape, ints: ints}
}

// count returns how many integers a shape holds, which must be few.
func count(shape []int) int {
	n := 1
	for _, d := range shape {
		if d < 0 || d > most || n*d > most {
			fail("integers of shape %v: more than %d", shape, most)
		}
		n *= d
	}
	return n
}

// wholes applies f to integers that broadcast.
func wholes(a, b *value, f func(a, b int64) int64) *value {
	if a == nil || b == nil || !a.integers() || !b.integers() || f == nil {
		fail("an operator of numbers among integers")
	}
	rank := max(len(a.shape), len(b.shape))
	shape := make([]int, rank)
	dim := func(s []int, i int) int {
		if i += len(s) - rank; i >= 0 {
			return s[i]
		}
		return 1
	}
	for i := range shape {
		x, y := dim(a.shape, i), dim(b.shape, i)
		if x != y && x != 1 && y != 1 {
			fail("%v and %v do not broadcast", a.shape, b.shape)
		}
		shape[i] = x
		if x == 1 {
			shape[i] = y
		}
	}
	out := make([]int64, count(shape))
	at := make([]int, rank)
	place := func(s []int) (p int) {
		for i := range rank {
			if d := dim(s, i); d > 1 {
				p = p*d + at[i]
			} else {
				p *= d
			}
		}
		return p
	}
	for i := range out {
		out[i] = f(a.ints[place(a.shape)], b.ints[place(b.shape)])
		for j := rank - 1; j >= 0; j-- {
			if at[j]++; at[j] < shape[j] {
				break
			}
			at[j] = 0
		}
	}
	return wholesOf(out, shape...)
}

func quotient(a, b int64) int64 {
	if b == 0 {
		fail("division by zero")
	}
	return a / b
}

// split3 returns an array of integers as [before, n, after] around an axis.
func split3(shape []int, axis int) (before, n, after int) {
	return count(shape[:axis]), shape[axis], count(shape[axis+1:])
}

// takeWholes picks entries along an axis.
func takeWholes(v *value, axis int, entries []int) *value {
	before, n, after := split3(v.shape, axis)
	shape := slices.Clone(v.shape)
	shape[axis] = len(entries)
	count(shape)
	out := []int64{}
	for b := range before {
		for _, e := range entries {
			if e < 0 || e >= n {
				fail("entry %d of %v along axis %d", e, v.shape, axis)
			}
			out = append(out, v.ints[(b*n+e)*after:][:after]...)
		}
	}
	return wholesOf(out, shape...)
}

// joinWholes joins integers along an axis.
func joinWholes(vs []*value, axis int) *value {
	shape := slices.Clone(vs[0].shape)
	shape[axis] = 0
	for _, v := range vs {
		if !v.integers() || len(v.shape) != len(shape) {
			fail("%v among others", v.shape)
		}
		for i, d := range v.shape {
			if i != axis && d != shape[i] {
				fail("%v beside %v", v.shape, vs[0].shape)
			}
		}
		shape[axis] += v.shape[axis]
	}
	count(shape)
	before := count(shape[:axis])
	out := []int64{}
	for b := range before {
		for _, v := range vs {
			_, n, after := split3(v.shape, axis)
			out = append(out, v.ints[b*n*after:][:n*after]...)
		}
	}
	return wholesOf(out, shape...)
}

// transposeWholes permutes axes.
func transposeWholes(v *value, perm []int) *value {
	shape, step := make([]int, len(perm)), make([]int, len(perm))
	for i, p := range perm {
		shape[i], step[i] = v.shape[p], count(v.shape[p+1:])
	}
	out := make([]int64, len(v.ints))
	at := make([]int, len(perm))
	for i := range out {
		from := 0
		for j, a := range at {
			from += a * step[j]
		}
		out[i] = v.ints[from]
		for j := len(at) - 1; j >= 0; j-- {
			if at[j]++; at[j] < shape[j] {
				break
			}
			at[j] = 0
		}
	}
	return wholesOf(out, shape...)
}
