package tile

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
)

// TestPackPutsEveryElementInItsPlace packs panels of all widths against guard pages, and compares
// with the definition of the layouts.
func TestPackPutsEveryElementInItsPlace(t *testing.T) {
	for _, l := range cpu.Available() {
		_, width := Size(l)
		for _, end := range []bool{false, true} {
			t.Run(fmt.Sprintf("level=%v/end=%v", l, end), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, 2))
				for cols := 1; cols <= width; cols++ {
					for _, k := range []int{0, 1, 2, 7, 8, 16, 34, 50} {
						for _, trans := range []bool{false, true} {
							ld, rows := cols+1, k
							if trans {
								ld, rows = k+1, cols
							}
							b := memory(t, rng, max(0, rows*ld-1), end)
							element := func(p, j int) float32 {
								if j >= cols {
									return 0
								}
								if trans {
									return b[j*ld+p]
								}
								return b[p*ld+j]
							}
							panel := memory(t, rng, k*width, end)
							Pack(l, panel, b, ld, trans, k, cols)
							for i, v := range panel {
								require.Equal(t, element(i/width, i%width), v, "k %d cols %d trans %v element %d", k, cols, trans, i)
							}
							if cols > PairCols(l) || k%2 != 0 {
								continue
							}
							PackPair(l, panel, b, ld, trans, k, cols)
							for p := range k {
								for j := range PairCols(l) {
									require.Equal(t, element(p, j), panel[p/2*2*PairCols(l)+PairColumn(l, j)+p%2], "pair k %d cols %d trans %v element %d %d", k, cols, trans, p, j)
								}
							}
						}
					}
				}
			})
		}
	}
}
