package paths

import (
	"math/big"
	"slices"

	"gonum.org/v1/gonum/stat/combin"
)

// Set is the set of all paths through n blocks. Blocks without a skip are part of every path, so m blocks with one make
// 2^m paths, of lengths n-m to n (Veit 2016, section 3).
type Set struct {
	n    int
	free []int // blocks that can be skipped, ascending
}

// New returns the paths through n blocks that all have a skip.
func New(n int) Set {
	s := Set{n: n}
	for i := range n {
		s.free = append(s.free, i)
	}
	return s
}

// Through returns the paths through len(skips) blocks, of which block i has a skip if skips[i] is true.
func Through(skips []bool) Set {
	s := Set{n: len(skips)}
	for i, skip := range skips {
		if skip {
			s.free = append(s.free, i)
		}
	}
	return s
}

// Blocks returns n, the length of the longest path.
func (s Set) Blocks() int { return s.n }

// Shortest returns the length of the shortest path: 0 if every block has a skip.
func (s Set) Shortest() int { return s.n - len(s.free) }

// Count returns the number of paths, 2^m.
func (s Set) Count() *big.Int { return new(big.Int).Lsh(big.NewInt(1), uint(len(s.free))) }

// CountOfLength returns the number of paths of length k, C(m, k-(n-m)).
func (s Set) CountOfLength(k int) *big.Int {
	j := k - s.Shortest()
	if j < 0 || j > len(s.free) {
		return new(big.Int)
	}
	return new(big.Int).Binomial(int64(len(s.free)), int64(j))
}

// LogCount returns the logarithm of CountOfLength(k).
func (s Set) LogCount(k int) Log {
	j := k - s.Shortest()
	if j < 0 || j > len(s.free) {
		return LogZero
	}
	return Log(combin.LogGeneralizedBinomial(float64(len(s.free)), float64(j)))
}

// Distribution returns for each length 0..n the share of all paths that have it: Binomial(n, 1/2)
// when every block has a skip (Veit 2016, figure 6a). Each share is the exact ratio of two integers,
// rounded once.
func (s Set) Distribution() []float64 {
	d := make([]float64, s.n+1)
	for k := range d {
		d[k] = s.Share(k, k)
	}
	return d
}

// Share returns the share of all paths whose length is from lo to hi, both included, rounded once.
func (s Set) Share(lo, hi int) float64 {
	sum := new(big.Int)
	for k := max(lo, 0); k <= min(hi, s.n); k++ {
		sum.Add(sum, s.CountOfLength(k))
	}
	share, _ := new(big.Rat).SetFrac(sum, s.Count()).Float64()
	return share
}

// InStage returns for j = 0..len(stage) the share of the paths of length k that take exactly j
// branches of the given blocks: a hypergeometric distribution, with mean k*len(stage)/n when every
// block has a skip. It is nil when no path has length k.
func (s Set) InStage(stage []int, k int) []float64 {
	total := s.CountOfLength(k)
	if total.Sign() == 0 {
		return nil
	}
	var in int // free blocks of the stage
	for _, b := range stage {
		if slices.Contains(s.free, b) {
			in++
		}
	}
	d := make([]float64, len(stage)+1)
	k -= s.Shortest()
	rest := len(s.free) - in
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
