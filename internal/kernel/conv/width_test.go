package conv

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/residuum-go/residuum/internal/portions"

	"github.com/stretchr/testify/require"
)

// What is shared out over pieces is multiplied by the number of a piece: here by more than an int of 32 bits holds.
func TestMoreTilesThanAnIntHoldsTheSquareOf(t *testing.T) {
	if strconv.IntSize > 32 {
		t.Skip("an int of 64 bits holds all products")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	many := square(1<<20, 1, 1, 1, 3, 1, 1, 1, 1)
	high := Shape{N: 1, H: 1 << 20, W: 1, C: 1, K: 1, R: 3, S: 1, StrideH: 1, StrideW: 1, PadH: 1, DilationH: 1, DilationW: 1, Groups: 1}
	for _, o := range operations {
		t.Run("op="+o.name, func(t *testing.T) {
			for _, s := range []Shape{many, high} {
				o.check(t, rng, s, heap)
			}
		})
	}
}

// The multiply-adds of a piece are counted, here 3.7e9 of them, to cut work into 16 pieces at least.
func TestLargeWeightGradientsAreCut(t *testing.T) {
	s := square(32, 56, 64, 64, 3, 1, 1, 1, 1)
	plan := gradPlanFor(s, s.K, 0)
	g := weightGrad{shape: s, plan: plan, dw: heap(9 * 64 * 64), panels: 4, strips: portions.Ceil(s.N, plan.images) * plan.strips}
	g.split()
	across, down := g.grid()
	require.GreaterOrEqual(t, g.chunks*across*down, 16)
}

// A kernel that is dilated beyond the image fits nowhere, however far beyond.
func TestNoOutputOfAKernelThatIsTooHigh(t *testing.T) {
	for _, dilation := range []int{3, 1 << 28, 1 << 29, 1 << 30} {
		for kernel := 4; kernel < 20; kernel++ {
			s := Shape{H: 9, R: kernel, StrideH: 1, PadH: 0, DilationH: dilation}
			require.Zero(t, s.OutH(), "%d rows, dilation %d", kernel, dilation)
		}
	}
	require.Equal(t, 1, Shape{H: 10, R: 4, StrideH: 1, DilationH: 3}.OutH())
	require.Equal(t, 3, Shape{H: 10, R: 4, StrideH: 1, PadH: 1, DilationH: 3}.OutH())
	require.Equal(t, 1, Shape{H: 10, R: 1, StrideH: 10, DilationH: 3}.OutH())
	require.Zero(t, Shape{R: 1, StrideH: 1, DilationH: 3}.OutH())
}
