package conv

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// Transformed weights are turned back to those that were given, within some roundings of the largest between two channels,
// and to zeros where all nine are.
func TestOriginalWeights(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range []Shape{square(1, 8, 16, 48, 3, 1, 1, 1, 1), square(1, 6, 32, 16, 3, 1, 1, 1, 1)} {
			_, nw, _ := s.sizes()
			w, most := random(rng, heap(nw)), make([]float64, s.C*s.K)
			for i := range w {
				if at := i % len(most); at%5 == 0 {
					w[i] = 0
				} else {
					w[i] *= float32(math.Pow(10, float64(at%7-3)))
					most[at] = max(most[at], math.Abs(float64(w[i])))
				}
			}
			for _, a := range []Algorithm{Winograd4, Winograd2} {
				p := Prepare(a, s, w)
				for i, v := range *p.original() {
					require.InDelta(t, w[i], v, 8*0x1p-24*most[i%len(most)], "%v element %d", a, i)
				}
			}
		}
	})
}
