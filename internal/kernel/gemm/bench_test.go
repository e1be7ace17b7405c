package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/gemm/peak"
	"github.com/residuum-go/residuum/internal/parallel"
)

// BenchmarkMul measures squares and the skinny products of the models, in the four transpositions.
func BenchmarkMul(b *testing.B) {
	shapes := [][3]int{{16, 16, 16}, {32, 32, 32}, {64, 64, 64}, {128, 128, 128}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}, {2048, 2048, 2048},
		{128, 10, 64}, {64, 10, 128}, {128, 64, 10}, {1568, 512, 2048}, {49, 2048, 512}, {64, 64, 25088}, {1, 1000, 2048}}
	for _, s := range shapes {
		for t := range 4 {
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("shape=%dx%dx%d/trans=%d%d/workers=%d", s[0], s[1], s[2], t/2, t%2, workers), func(b *testing.B) {
					defer parallel.SetWorkers(workers)()
					p := random(rand.New(rand.NewPCG(1, 1)), heap, false, t/2 == 1, t%2 == 1, s[0], s[1], s[2], 0)
					peak.EachLevel(b, func(b *testing.B) {
						peak.Compare(b, 2*float64(s[0])*float64(s[1])*float64(s[2]), p.mul)
					})
				})
			}
		}
	}
}
