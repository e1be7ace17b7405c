package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/gemm/peak"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
)

// nets are the convolutions of networks: names of layers and how often each comes.
var nets = map[string]string{
	"resnet20": `1 c3-k16-s32, 6 c16-k16-s32, 1 c16-k32-s32-stride2, 5 c32-k32-s16, 1 c32-k64-s16-stride2, 5 c64-k64-s8`,
	"resnet18": `1 7x7-c3-k64-s224-stride2, 4 3x3-c64-k64-s56,
		1 3x3-c64-k128-s56-stride2, 1 1x1-c64-k128-s56-stride2, 3 3x3-c128-k128-s28,
		1 3x3-c128-k256-s28-stride2, 1 1x1-c128-k256-s28-stride2, 3 3x3-c256-k256-s14,
		1 3x3-c256-k512-s14-stride2, 1 1x1-c256-k512-s14-stride2, 3 3x3-c512-k512-s7`,
	"resnet50": `1 7x7-c3-k64-s224-stride2,
		1 1x1-c64-k64-s56, 2 1x1-c256-k64-s56, 3 3x3-c64-k64-s56, 4 1x1-c64-k256-s56,
		1 1x1-c256-k128-s56, 1 3x3-c128-k128-s56-stride2, 3 1x1-c512-k128-s28, 3 3x3-c128-k128-s28, 4 1x1-c128-k512-s28, 1 1x1-c256-k512-s56-stride2,
		1 1x1-c512-k256-s28, 1 3x3-c256-k256-s28-stride2, 5 1x1-c1024-k256-s14, 5 3x3-c256-k256-s14, 6 1x1-c256-k1024-s14, 1 1x1-c512-k1024-s28-stride2,
		1 1x1-c1024-k512-s14, 1 3x3-c512-k512-s14-stride2, 2 1x1-c2048-k512-s7, 2 3x3-c512-k512-s7, 3 1x1-c512-k2048-s7, 1 1x1-c1024-k2048-s14-stride2`,
}

// BenchmarkNet measures the prepared convolutions of a net one after the other, so that weights come from where they
// are in use. What widens a bottleneck adds to what is there, all have a bias and ReLU.
func BenchmarkNet(b *testing.B) {
	for _, name := range []string{"resnet20", "resnet18", "resnet50"} {
		for _, batch := range []int{1, 8} {
			for _, workers := range []int{1, 2} {
				b.Run(fmt.Sprintf("net=%s/batch=%d/workers=%d", name, batch, workers), func(b *testing.B) {
					defer parallel.SetWorkers(workers)()
					peak.EachLevel(b, func(b *testing.B) {
						n := newNet(name, batch)
						peak.Compare(b, n.flops, n.run)
					})
				})
			}
		}
	}
}

type net struct {
	batch      int
	layers     []*Prepared
	epilogues  []Epilogue
	x, y, more []float32 // y of a layer is x of the next, about
	flops      float64
}

func newNet(name string, batch int) *net {
	rng := rand.New(rand.NewPCG(1, 1))
	all := map[string]Shape{}
	for _, l := range append(cifar, imagenet...) {
		all[l.name] = l.s
	}
	n := &net{batch: batch}
	most := 0
	for _, item := range strings.Split(nets[name], ",") {
		var times int
		var layer string
		fmt.Sscan(item, &times, &layer)
		for range times {
			s := all[layer]
			s.N = batch
			nx, nw, ny := s.sizes()
			most = max(most, nx, ny)
			n.flops += s.flops()
			w := random(rng, heap(nw))
			vec.Scale(w, w, float32(math.Sqrt(1/float64(s.R*s.S*s.C)))) // results neither grow nor vanish
			n.layers = append(n.layers, prepared(s, w))
			n.epilogues = append(n.epilogues, Epilogue{Bias: random(rng, heap(s.K)), Act: ReLU})
		}
	}
	n.x, n.y, n.more = random(rng, heap(most)), random(rng, heap(most)), random(rng, heap(most))
	return n
}

func (n *net) run() {
	x, y := n.x, n.y
	for i, p := range n.layers {
		s := p.shape
		s.N = n.batch
		nx, _, ny := s.sizes()
		e := n.epilogues[i]
		if s.K > s.C {
			e.Add = n.more[:ny]
		}
		p.Run(y[:ny], x[:nx], n.batch, e)
		x, y = y, x
	}
}
