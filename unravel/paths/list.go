package paths

import (
	"fmt"
	"iter"
	"math/bits"
	"math/rand/v2"
)

// Gray yields every path once, each differing from the one before in a single block, whose index
// comes with it (-1 at first). The path is reused from one iteration to the next: clone it to keep it.
func (s Set) Gray() iter.Seq2[int, Path] {
	if len(s.free) > 62 {
		panic(fmt.Sprintf("paths: Gray: 2^%d paths are too many to list", len(s.free)))
	}
	return func(yield func(int, Path) bool) {
		path := s.shortest()
		if !yield(-1, path) {
			return
		}
		for c := uint64(1); c < 1<<len(s.free); c++ {
			// The binary-reflected code flips the bit where c has its lowest one.
			b := s.free[bits.TrailingZeros64(c)]
			path[b] = !path[b]
			if !yield(b, path) {
				return
			}
		}
	}
}

// ByLength yields every path once, the short ones first. The path is reused from one iteration to
// the next: clone it to keep it.
func (s Set) ByLength() iter.Seq[Path] {
	return func(yield func(Path) bool) {
		for k := s.Shortest(); k <= s.n; k++ {
			for path := range s.OfLength(k) {
				if !yield(path) {
					return
				}
			}
		}
	}
}

// OfLength yields the paths of length k in lexicographic order of the branches they take. The path
// is reused from one iteration to the next: clone it to keep it.
func (s Set) OfLength(k int) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		j := k - s.Shortest()
		if j < 0 || j > len(s.free) {
			return
		}
		path := make(Path, s.n)
		choice := make([]int, j)
		for i := range choice {
			choice[i] = i
		}
		for {
			copy(path, s.shortest())
			for _, c := range choice {
				path[s.free[c]] = true
			}
			if !yield(path) || !next(choice, len(s.free)) {
				return
			}
		}
	}
}

// next advances choice, an ascending selection from 0..m-1, to its successor in lexicographic order. It is not the
// generator of gonum's combin, which counts all selections in an int first and yields none where they are too many.
func next(choice []int, m int) bool {
	for i := len(choice) - 1; i >= 0; i-- {
		if choice[i] < m-len(choice)+i {
			choice[i]++
			for j := i + 1; j < len(choice); j++ {
				choice[j] = choice[j-1] + 1
			}
			return true
		}
	}
	return false
}

// Sample returns a path of length k, each with equal probability. It panics if there is none.
func (s Set) Sample(k int, rng *rand.Rand) Path {
	j := k - s.Shortest()
	if j < 0 || j > len(s.free) {
		panic(fmt.Sprintf("paths: Sample: no path of length %d through %d blocks, %d of them without a skip",
			k, s.n, s.Shortest()))
	}
	path := s.shortest()
	for _, c := range rng.Perm(len(s.free))[:j] {
		path[s.free[c]] = true
	}
	return path
}

// shortest returns the path that takes every skip there is.
func (s Set) shortest() Path {
	path := make(Path, s.n)
	for i := range path {
		path[i] = true
	}
	for _, i := range s.free {
		path[i] = false
	}
	return path
}
