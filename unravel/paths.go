package unravel

import (
	"fmt"
	"iter"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
)

// Path says for each block whether the path takes its branch (true) or its skip.
type Path []bool

// Length returns the number of branches that the path takes.
func (p Path) Length() int {
	k := 0
	for _, taken := range p {
		if taken {
			k++
		}
	}
	return k
}

// String returns the path as one character per block, first block first: f for a branch, - for a skip.
func (p Path) String() string {
	s := make([]byte, len(p))
	for i, taken := range p {
		s[i] = '-'
		if taken {
			s[i] = 'f'
		}
	}
	return string(s)
}

// Paths is the set of all paths through n blocks. Blocks that have no skip are part of every path,
// so m free blocks make 2^m paths, of lengths n-m to n (Veit 2016, section 3).
type Paths struct {
	n    int
	free []int // blocks that can be skipped, ascending
}

// NewPaths returns the paths through n residual blocks.
func NewPaths(n int) Paths {
	p := Paths{n: n}
	for i := range n {
		p.free = append(p.free, i)
	}
	return p
}

// PathsOf returns the paths through net.
func PathsOf(net Network) Paths {
	p := Paths{n: net.Len()}
	for i := range p.n {
		if net.Sums(i) {
			p.free = append(p.free, i)
		}
	}
	return p
}

// Blocks returns n, the length of the longest path.
func (p Paths) Blocks() int { return p.n }

// Shortest returns the length of the shortest path: 0 if every block has a skip.
func (p Paths) Shortest() int { return p.n - len(p.free) }

// Count returns the number of paths, 2^m.
func (p Paths) Count() *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(len(p.free))) }

// CountOfLength returns the number of paths of length k, C(m, k-(n-m)).
func (p Paths) CountOfLength(k int) *big.Int {
	j := k - p.Shortest()
	if j < 0 || j > len(p.free) {
		return new(big.Int)
	}
	return new(big.Int).Binomial(int64(len(p.free)), int64(j))
}

// LogCount returns the logarithm of CountOfLength(k).
func (p Paths) LogCount(k int) Log {
	j := k - p.Shortest()
	if j < 0 || j > len(p.free) {
		return LogZero
	}
	return Log(combin.LogGeneralizedBinomial(float64(len(p.free)), float64(j)))
}

// Distribution returns for each length 0..n the share of all paths that have it: Binomial(n, 1/2)
// when every block has a skip (Veit 2016, figure 6a). Each share is the exact ratio of two integers,
// rounded once.
func (p Paths) Distribution() []float64 {
	d := make([]float64, p.n+1)
	for k := range d {
		d[k] = p.Share(k, k)
	}
	return d
}

// Share returns the share of all paths whose length is from lo to hi, both included, rounded once.
func (p Paths) Share(lo, hi int) float64 {
	sum := new(big.Int)
	for k := max(lo, 0); k <= min(hi, p.n); k++ {
		sum.Add(sum, p.CountOfLength(k))
	}
	share, _ := new(big.Rat).SetFrac(sum, p.Count()).Float64()
	return share
}

// InStage returns for j = 0..len(stage) the share of the paths of length k that take exactly j
// branches of the given blocks: a hypergeometric distribution, with mean k*len(stage)/n when every
// block has a skip. It is nil when no path has length k.
func (p Paths) InStage(stage []int, k int) []float64 {
	total := p.CountOfLength(k)
	if total.Sign() == 0 {
		return nil
	}
	var in int // free blocks of the stage
	for _, b := range stage {
		if slices.Contains(p.free, b) {
			in++
		}
	}
	d := make([]float64, len(stage)+1)
	k -= p.Shortest()
	rest := len(p.free) - in
	for j := 0; j <= min(in, k); j++ {
		if k-j > rest {
			continue
		}
		ways := new(big.Int).Binomial(int64(in), int64(j))
		ways.Mul(ways, new(big.Int).Binomial(int64(rest), int64(k-j)))
		d[j+len(stage)-in], _ = new(big.Rat).SetFrac(ways, total).Float64()
	}
	return d
}

// Gray yields every path once, each differing from the one before in a single block, whose index
// comes with it (-1 at first). The path is reused from one iteration to the next: clone it to keep it.
func (p Paths) Gray() iter.Seq2[int, Path] {
	if len(p.free) > 62 {
		panic(fmt.Sprintf("unravel: Gray: 2^%d paths are too many to list", len(p.free)))
	}
	return func(yield func(int, Path) bool) {
		path := p.shortest()
		if !yield(-1, path) {
			return
		}
		for c := uint64(1); c < 1<<len(p.free); c++ {
			// The binary-reflected code flips the bit where c has its lowest one.
			b := p.free[bits.TrailingZeros64(c)]
			path[b] = !path[b]
			if !yield(b, path) {
				return
			}
		}
	}
}

// ByLength yields every path once, the short ones first. The path is reused from one iteration to
// the next: clone it to keep it.
func (p Paths) ByLength() iter.Seq[Path] {
	return func(yield func(Path) bool) {
		for k := p.Shortest(); k <= p.n; k++ {
			for path := range p.OfLength(k) {
				if !yield(path) {
					return
				}
			}
		}
	}
}

// OfLength yields the paths of length k in lexicographic order of the branches they take. The path
// is reused from one iteration to the next: clone it to keep it.
func (p Paths) OfLength(k int) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		j := k - p.Shortest()
		if j < 0 || j > len(p.free) {
			return
		}
		path := make(Path, p.n)
		choice := make([]int, j)
		for i := range choice {
			choice[i] = i
		}
		for {
			copy(path, p.shortest())
			for _, c := range choice {
				path[p.free[c]] = true
			}
			if !yield(path) || !next(choice, len(p.free)) {
				return
			}
		}
	}
}

// next advances choice, an ascending selection from 0..m-1, to its successor in lexicographic order.
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
func (p Paths) Sample(rng *rand.Rand, k int) Path {
	j := k - p.Shortest()
	if j < 0 || j > len(p.free) {
		panic(fmt.Sprintf("unravel: Sample: no path of length %d through %d blocks, %d of them without a skip",
			k, p.n, p.Shortest()))
	}
	path := p.shortest()
	for _, c := range subset(rng, len(p.free), j) {
		path[p.free[c]] = true
	}
	return path
}

// shortest returns the path that takes every skip there is.
func (p Paths) shortest() Path {
	path := make(Path, p.n)
	for i := range path {
		path[i] = true
	}
	for _, i := range p.free {
		path[i] = false
	}
	return path
}

// subset returns k of 0..n-1 in ascending order, every subset with equal probability.
func subset(rng *rand.Rand, n, k int) []int {
	s := rng.Perm(n)[:k]
	slices.Sort(s)
	return s
}
