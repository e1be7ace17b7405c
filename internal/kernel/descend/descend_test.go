package descend

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// tree returns a complete tree of random cuts, special values among them, behind whose steps memory faults.
func tree(t *testing.T, rng *rand.Rand, depth, columns int) []Step {
	inner := 1<<depth - 1
	steps := unsafe.Slice((*Step)(unsafe.Pointer(&kerneltest.Guarded(t, 4*(2*inner+1))[0])), 2*inner+1)
	special := kerneltest.Specials()
	for i := range steps {
		steps[i] = Step{int32(rng.IntN(columns)), float32(rng.NormFloat64()), int32(2*i + 1), float32(i)}
		if i%4 == 0 {
			steps[i].Cut = special[i/4%len(special)]
		}
		if i >= inner || steps[i].Cut != steps[i].Cut {
			steps[i] = Step{0, float32(math.NaN()), int32(i), float32(i)}
		}
	}
	return steps
}

func TestDownEqualsReference(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		special := kerneltest.Specials()
		for _, n := range []int{1, 2, 3, 4, 5, 8, 11, 64} {
			for _, stride := range []int{0, 7} {
				for depth := range 7 {
					steps := tree(t, rng, depth, 7)
					rows := kerneltest.Guarded(t, 7+(n-1)*stride)
					for i := range rows {
						rows[i] = float32(rng.NormFloat64())
						if i%3 == 0 {
							rows[i] = special[rng.IntN(len(special))]
						}
					}
					at := unsafe.Slice((*int32)(unsafe.Pointer(&kerneltest.Guarded(t, n)[0])), n)
					want := make([]int32, n)
					for i := range at {
						if stride == 0 {
							at[i] = int32(rng.IntN(len(steps))) // any node may be the root of a tree
						}
						want[i] = at[i]
					}
					for i := range want { // where one goes by the definition, in words of its own
						for range depth {
							s := steps[want[i]]
							if v := rows[i*stride+int(s.Column)]; v != v || s.Cut != s.Cut || v < s.Cut {
								want[i] = s.First
							} else {
								want[i] = s.First + 1
							}
						}
					}
					Down(steps, at, rows, stride, depth)
					require.Equal(t, want, at, "%d rows, stride %d, depth %d", n, stride, depth)
				}
			}
		}
	})
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}
