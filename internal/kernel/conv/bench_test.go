package conv

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/gemm/peak"
	"github.com/residuum-go/residuum/internal/parallel"
)

// layer is a convolution of a network, without its batch.
type layer struct {
	name string
	s    Shape
}

// cifar is the convolutions of ResNet-20 to -110 on 32x32 images, imagenet those of ResNet-18 and -50 on
// 224x224.
var (
	cifar = []layer{
		{"c3-k16-s32", square(0, 32, 3, 16, 3, 1, 1, 1, 1)},
		{"c16-k16-s32", square(0, 32, 16, 16, 3, 1, 1, 1, 1)},
		{"c16-k32-s32-stride2", square(0, 32, 16, 32, 3, 2, 1, 1, 1)},
		{"c32-k32-s16", square(0, 16, 32, 32, 3, 1, 1, 1, 1)},
		{"c32-k64-s16-stride2", square(0, 16, 32, 64, 3, 2, 1, 1, 1)},
		{"c64-k64-s8", square(0, 8, 64, 64, 3, 1, 1, 1, 1)},
	}
	imagenet = []layer{
		{"7x7-c3-k64-s224-stride2", square(0, 224, 3, 64, 7, 2, 3, 1, 1)},
		{"3x3-c64-k64-s56", square(0, 56, 64, 64, 3, 1, 1, 1, 1)},
		{"3x3-c64-k128-s56-stride2", square(0, 56, 64, 128, 3, 2, 1, 1, 1)},
		{"3x3-c128-k128-s28", square(0, 28, 128, 128, 3, 1, 1, 1, 1)},
		{"3x3-c128-k128-s56-stride2", square(0, 56, 128, 128, 3, 2, 1, 1, 1)},
		{"3x3-c128-k256-s28-stride2", square(0, 28, 128, 256, 3, 2, 1, 1, 1)},
		{"3x3-c256-k256-s14", square(0, 14, 256, 256, 3, 1, 1, 1, 1)},
		{"3x3-c256-k256-s28-stride2", square(0, 28, 256, 256, 3, 2, 1, 1, 1)},
		{"3x3-c256-k512-s14-stride2", square(0, 14, 256, 512, 3, 2, 1, 1, 1)},
		{"3x3-c512-k512-s7", square(0, 7, 512, 512, 3, 1, 1, 1, 1)},
		{"3x3-c512-k512-s14-stride2", square(0, 14, 512, 512, 3, 2, 1, 1, 1)},
		{"1x1-c64-k64-s56", square(0, 56, 64, 64, 1, 1, 0, 1, 1)},
		{"1x1-c64-k256-s56", square(0, 56, 64, 256, 1, 1, 0, 1, 1)},
		{"1x1-c256-k64-s56", square(0, 56, 256, 64, 1, 1, 0, 1, 1)},
		{"1x1-c256-k128-s56", square(0, 56, 256, 128, 1, 1, 0, 1, 1)},
		{"1x1-c64-k128-s56-stride2", square(0, 56, 64, 128, 1, 2, 0, 1, 1)},
		{"1x1-c128-k256-s28-stride2", square(0, 28, 128, 256, 1, 2, 0, 1, 1)},
		{"1x1-c256-k512-s14-stride2", square(0, 14, 256, 512, 1, 2, 0, 1, 1)},
		{"1x1-c256-k512-s56-stride2", square(0, 56, 256, 512, 1, 2, 0, 1, 1)},
		{"1x1-c128-k512-s28", square(0, 28, 128, 512, 1, 1, 0, 1, 1)},
		{"1x1-c512-k128-s28", square(0, 28, 512, 128, 1, 1, 0, 1, 1)},
		{"1x1-c512-k256-s28", square(0, 28, 512, 256, 1, 1, 0, 1, 1)},
		{"1x1-c512-k1024-s28-stride2", square(0, 28, 512, 1024, 1, 2, 0, 1, 1)},
		{"1x1-c256-k1024-s14", square(0, 14, 256, 1024, 1, 1, 0, 1, 1)},
		{"1x1-c1024-k256-s14", square(0, 14, 1024, 256, 1, 1, 0, 1, 1)},
		{"1x1-c1024-k512-s14", square(0, 14, 1024, 512, 1, 1, 0, 1, 1)},
		{"1x1-c1024-k2048-s14-stride2", square(0, 14, 1024, 2048, 1, 2, 0, 1, 1)},
		{"1x1-c512-k2048-s7", square(0, 7, 512, 2048, 1, 1, 0, 1, 1)},
		{"1x1-c2048-k512-s7", square(0, 7, 2048, 512, 1, 1, 0, 1, 1)},
	}
)

func BenchmarkConv(b *testing.B) {
	for _, set := range []struct {
		layers []layer
		batch  []int
	}{{cifar, []int{128}}, {imagenet, []int{8, 1, 32}}} {
		for _, batch := range set.batch {
			for _, l := range set.layers {
				s := l.s
				s.N = batch
				for _, o := range operations {
					algorithms := []string{"direct"}
					if o.name == "WeightGrad" && s.winogradGradWins() || o.name != "WeightGrad" && s.winogradWins(o.name == "InputGrad") {
						algorithms = []string{"winograd", "direct"}
					}
					for _, algo := range algorithms {
						for _, workers := range []int{1, 2} {
							b.Run(fmt.Sprintf("op=%s/shape=%s/batch=%d/algo=%s/workers=%d", o.name, l.name, batch, algo, workers), func(b *testing.B) {
								defer parallel.SetWorkers(workers)()
								defer SetWinograd(Winograd())
								SetWinograd(algo == "winograd")
								benchmark(b, o, s)
							})
						}
					}
				}
			}
		}
	}
}

func benchmark(b *testing.B, o operation, s Shape) {
	nd, na, nb := o.sizes(s)
	rng := rand.New(rand.NewPCG(1, 1))
	dst, x, y := heap(nd), random(rng, heap(na)), random(rng, heap(nb))
	peak.EachLevel(b, func(b *testing.B) {
		peak.Compare(b, s.flops(), func() { o.run(s, dst, x, y) })
	})
}

// BenchmarkPrepared measures prepared convolutions with a bias and ReLU.
func BenchmarkPrepared(b *testing.B) {
	for _, set := range []struct {
		layers []layer
		batch  []int
	}{{cifar, []int{1, 8, 128}}, {imagenet, []int{1, 8}}} {
		for _, batch := range set.batch {
			for _, l := range set.layers {
				for _, workers := range []int{1, 2} {
					b.Run(fmt.Sprintf("shape=%s/batch=%d/workers=%d", l.name, batch, workers), func(b *testing.B) {
						defer parallel.SetWorkers(workers)()
						s := l.s
						s.N = batch
						nx, nw, ny := s.sizes()
						rng := rand.New(rand.NewPCG(1, 1))
						x, y := random(rng, heap(nx)), heap(ny)
						w, e := random(rng, heap(nw)), Epilogue{Bias: random(rng, heap(s.K)), Act: ReLU}
						peak.EachLevel(b, func(b *testing.B) {
							p := prepared(s, w)
							peak.Compare(b, s.flops(), func() { p.Run(y, x, batch, e) })
						})
					})
				}
			}
		}
	}
}

// flops counts the operations of the direct sum with padding, as is usual: with Winograd's algorithm the rate is an
// effective one, and may be above the peak.
func (s Shape) flops() float64 {
	return 2 * float64(s.N*s.OutH()*s.OutW()) * float64(s.K*s.R*s.S*(s.C/s.Groups))
}
