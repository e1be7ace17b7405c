package boost

import (
	"slices"
	"sort"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// maxBins is how many bins a column has at most beside that of its missing values: a bin is a byte.
const maxBins = 255

// cuts returns for each column of x [N, d] the ascending thresholds between its bins. A column of at most maxBins
// distinct values has a cut midway between each two, so that no split is lost; of more, the cuts are quantiles.
func cuts(x *tensor.Tensor) [][]float32 {
	n := x.Dim(0)
	d := x.Len() / n
	out := make([][]float32, d)
	parallel.For(d, 1, parallel.Func(func(lo, hi int) {
		column := make([]float32, n)
		for f := lo; f < hi; f++ {
			present := column[:0]
			for i := range n {
				if v := x.Data()[i*d+f]; v == v { // not NaN
					present = append(present, v)
				}
			}
			slices.Sort(present)
			out[f] = columnCuts(present)
		}
	}))
	return out
}

func columnCuts(sorted []float32) []float32 {
	if len(sorted) == 0 {
		return nil
	}
	var out []float32
	if distinct := slices.Compact(slices.Clone(sorted)); len(distinct) <= maxBins {
		for i, v := range distinct[1:] {
			middle := float32((float64(distinct[i]) + float64(v)) / 2)
			if middle <= distinct[i] { // neighbours in float32
				middle = v
			}
			out = append(out, middle)
		}
		return out
	}
	last := sorted[0]
	for i := 1; i < maxBins; i++ {
		if v := sorted[i*len(sorted)/maxBins]; v > last {
			out, last = append(out, v), v
		}
	}
	return out
}

// binned returns the bin of every element of x [N, d], column after column: how many cuts are not above it. NaN has the
// bin after the last.
func binned(x *tensor.Tensor, cuts [][]float32) []uint8 {
	n, d := x.Dim(0), len(cuts)
	out := make([]uint8, n*d)
	parallel.For(d, 1, parallel.Func(func(lo, hi int) {
		for f := lo; f < hi; f++ {
			for i := range n {
				v := x.Data()[i*d+f]
				bin := len(cuts[f]) + 1
				if v == v { // not NaN
					bin = sort.Search(len(cuts[f]), func(j int) bool { return cuts[f][j] > v })
				}
				out[f*n+i] = uint8(bin)
			}
		}
	}))
	return out
}
