package boost

import (
	"cmp"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/kernel/hist"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// missingBin is the bin of missing values; those below it are of values.
const missingBin = hist.Bins - 1

// bins are inputs [N, d] of which every element is a byte.
type bins struct {
	n       int
	columns []column
	layout  hist.Layout    // but for its Numbers
	words   []uint64       // for each group of columns, N words of their bins
	memory  growth         // of the last tree
	fitted  *tensor.Tensor // memory for what the trees of a stage say of all rows
}

// growth is memory that the growth of a tree needs, kept for the next one.
type growth struct {
	rowNumbers    []int64 // what each row adds to histograms
	rows, scratch []int32
	free          [][]int64 // histograms that no leaf has
}

// column says what the bins of a column mean.
type column struct {
	cuts        []float32 // ascending: bin b has the values from cuts[b-1] up to, not including, cuts[b]
	categories  []int32   // ascending: bin b has the value categories[b]
	categorical bool      // which of the two
}

// count returns how many bins hold values.
func (c column) count() int {
	if c.categorical {
		return len(c.categories)
	}
	return len(c.cuts) + 1
}

// newBins puts the columns of x [N, d] into bins. categorical tells which columns are.
func newBins(x *tensor.Tensor, categorical []bool) *bins {
	n := x.Dim(0)
	d := x.Len() / n
	b := &bins{n: n, columns: make([]column, d), layout: hist.Layout{Columns: d}}
	groups := b.layout.Groups()
	b.words = make([]uint64, n*groups)
	parallel.For(groups, 1, parallel.Func(func(lo, hi int) {
		room := make([]uint32, 2*n)
		var values []float32
		for g := lo; g < hi; g++ {
			first, end := b.layout.Group(g)
			count := end - first
			values = portions.Grow(values, count*n)
			for i := range n { // a group at a time, because a line of memory holds neighbours
				for k, v := range x.Data()[i*d+first : i*d+first+count] {
					values[k*n+i] = v + 0 // -0 becomes 0
				}
			}
			words := b.words[g*n : (g+1)*n]
			for k := range count {
				b.columns[first+k] = newColumn(values[k*n:(k+1)*n], categorical[first+k], room)
				b.columns[first+k].fill(words, k, values[k*n:(k+1)*n])
			}
		}
	}))
	return b
}

func newColumn(values []float32, categorical bool, room []uint32) column {
	if categorical {
		return column{categorical: true, categories: frequent(values)}
	}
	return column{cuts: cuts(sorted(values, room))}
}

// cuts returns ascending thresholds between bins. Of at most 255 distinct values there is a cut midway between each two,
// so that no split is lost; of more, the cuts are quantiles.
func cuts(sorted []uint32) []float32 {
	var distinct, out []float32
	for i, key := range sorted {
		if i > 0 && key == sorted[i-1] {
			continue
		}
		if distinct = append(distinct, value(key)); len(distinct) > missingBin {
			break
		}
	}
	if len(distinct) <= missingBin {
		for i := 1; i < len(distinct); i++ {
			middle := float32((float64(distinct[i-1]) + float64(distinct[i])) / 2)
			if middle <= distinct[i-1] { // neighbours in float32
				middle = distinct[i]
			}
			out = append(out, middle)
		}
		return out
	}
	last := sorted[0]
	for i := 1; i < missingBin; i++ {
		if key := sorted[int(int64(i)*int64(len(sorted))/missingBin)]; key > last {
			out, last = append(out, value(key)), key
		}
	}
	return out
}

// exact is below which every whole number is a float32.
const exact = 1 << 24

// whole returns v if it is an integer in [0, limit), else -1.
func whole(v float32, limit int) int {
	if v >= 0 && v < float32(min(limit, exact)) && v == float32(int(v)) {
		return int(v)
	}
	return -1
}

// category returns what category v is, or -1 if it is none and counts as missing.
func category(v float32) int32 {
	return int32(whole(v, exact))
}

// frequent returns in ascending order the categories among values, the most frequent 255 if there are more, the lower of
// equals.
func frequent(values []float32) []int32 {
	counts := map[int32]int{}
	for _, v := range values {
		if c := category(v); c >= 0 {
			counts[c]++
		}
	}
	out := make([]int32, 0, len(counts))
	for c := range counts {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b int32) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	out = out[:min(len(out), missingBin)]
	slices.Sort(out)
	return out
}

// fill sets byte k of the words to the bins of values.
func (c column) fill(words []uint64, k int, values []float32) {
	if c.categorical {
		bin := map[int32]int{}
		for i, v := range c.categories {
			bin[v] = i
		}
		for i, v := range values {
			at, ok := bin[category(v)]
			if !ok {
				at = missingBin
			}
			words[i] |= uint64(at) << (8 * k)
		}
		return
	}
	// begin[p] is how many cuts are at most the lowest value whose key begins with the 16 bits p.
	begin := make([]uint8, 1<<16)
	at := 0
	for p := range begin {
		for at < len(c.cuts) && key(c.cuts[at]) <= uint32(p)<<16 {
			at++
		}
		begin[p] = uint8(at)
	}
	for i, v := range values {
		bin := missingBin
		if v == v { // not NaN
			for bin = int(begin[key(v)>>16]); bin < len(c.cuts) && c.cuts[bin] <= v; bin++ {
			}
		}
		words[i] |= uint64(bin) << (8 * k)
	}
}

// key returns an integer that is ordered as v is, for numbers without -0.
func key(v float32) uint32 {
	b := math.Float32bits(v)
	return b ^ (uint32(int32(b)>>31) | 1<<31)
}

// value is the inverse of key.
func value(key uint32) float32 {
	if key>>31 == 1 {
		return math.Float32frombits(key ^ 1<<31)
	}
	return math.Float32frombits(^key)
}

// sorted returns the keys of the values that are not NaN in ascending order, by radix sort. room has twice their number.
func sorted(values []float32, room []uint32) []uint32 {
	const digit = 11
	from, to := room[:0:len(values)], room[len(values):2*len(values)]
	for _, v := range values {
		if v == v {
			from = append(from, key(v))
		}
	}
	to = to[:len(from)]
	for shift := 0; shift < 32; shift += digit {
		var begin [1<<digit + 1]int
		for _, k := range from {
			begin[k>>shift&(1<<digit-1)+1]++
		}
		for i := 1; i < len(begin); i++ {
			begin[i] += begin[i-1]
		}
		for _, k := range from {
			d := k >> shift & (1<<digit - 1)
			to[begin[d]] = k
			begin[d]++
		}
		from, to = to, from
	}
	return from
}
