package conv

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// More images than are transformed at once: each has the bits that it has alone, and those of the direct sum if a value
// is far too large or not finite, or if a result overflows.
func TestSmallWinogradOfManyImages(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		s := square(1, 6, 256, 256, 3, 1, 1, 1, 1)
		nx, nw, ny := s.sizes()
		const n = 9
		x, w := random(rng, heap(n*nx)), random(rng, heap(nw))
		pixel := 2 * s.C // of the second tile, whose values some outputs of the first depend on
		x[2*nx+pixel+100], x[5*nx+pixel+3], x[6*nx+pixel+7] = 1e20, float32(math.NaN()), 3e38
		p := prepared(s, w)
		require.NotNil(t, p.small)
		require.Greater(t, n*p.small.tiles, smallTiles)
		e := Epilogue{Bias: random(rng, heap(s.K)), Add: random(rng, heap(n*ny)), Act: ReLU}
		all := heap(n * ny)
		p.Run(all, x, n, e)
		kerneltest.SameBitsForWorkers(t, func() []float32 {
			y := heap(n * ny)
			p.Run(y, x, n, e)
			return y
		})
		for i := range n {
			one, image := heap(ny), x[i*nx:][:nx]
			e := Epilogue{Bias: e.Bias, Add: e.Add[i*ny:][:ny], Act: ReLU}
			if i == 2 || i == 5 || i == 6 {
				run(s, false, one, image, *p.original())
				e.apply(one, s.K)
			} else {
				p.Run(one, image, 1, e)
			}
			for j, v := range one {
				require.True(t, kerneltest.SameFloat(all[i*ny+j], v), "image %d, element %d: %v, want %v", i, j, all[i*ny+j], v)
			}
		}
	})
}
