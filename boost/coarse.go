package boost

import (
	"math"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// Of more than coarseRows rows whose weights differ, these are in coarseBits, 2^8 units for the mean of a million, and targets
// in what is left: rounded up or down by chance so that sums are right in the mean, which changes what a split gains by far
// less than other rows would.
const (
	coarseRows = 1 << 14
	coarseBits = 28
)

// takeCoarse lists rows and sets their numbers, where weights differ. It rounds by chance, the same for a row whoever takes it.
func (g *grower) takeCoarse(rows []int32, t, w []float32, lo, hi, apart int) (total pair) {
	scale := sums{1 / g.units.target, 1 / g.units.weight}
	n := 0
	for i := lo; i < hi; i++ {
		if v := float64(w[i*apart]); v > 0 {
			chance := scrambled(g.seed + uint64(i))
			s := pair{
				int64(math.Floor(v*float64(t[i*apart])*scale.target + float64(chance>>32)*0x1p-32)),
				int64(v*scale.weight + float64(uint32(chance))*0x1p-32),
			}
			g.rowNumbers[i] = s.target<<g.counted + s.weight
			rows[n] = int32(i)
			n++
			total = total.plus(s)
		}
	}
	return total
}

// scrambled returns x with all bits of it mixed into each (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
// generators").
func scrambled(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// refine sets the values of leaves to those of the sums of their rows, which were coarse.
func (g *grower) refine(target, weight *tensor.Tensor, k int) {
	outputs := target.Dim(1)
	t, w := target.Data()[k:], weight.Data()[k:]
	parallel.For(len(g.leaves), 1, parallel.Func(func(lo, hi int) {
		for _, l := range g.leaves[lo:hi] {
			var s sums
			for _, i := range l.rows {
				v := float64(w[int(i)*outputs])
				s.target += v * float64(t[int(i)*outputs])
				s.weight += v
			}
			g.nodes[l.node].value = float32(g.value(s, l.bounds))
		}
	}))
}
