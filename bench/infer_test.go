package bench_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

func BenchmarkInfer(b *testing.B) {
	for _, net := range []struct {
		name   string
		config resnet.Config
	}{{"resnet18", resnet.ResNet18(1000)}, {"resnet50", resnet.ResNet50(1000)}} {
		model, err := resnet.New(net.config, rand.New(rand.NewPCG(1, 1)))
		require.NoError(b, err)
		for _, batch := range []int{1, 8} {
			for workers := 1; workers <= max(2, runtime.GOMAXPROCS(0)); workers *= 2 {
				b.Run(fmt.Sprintf("net=%s/batch=%d/workers=%d/impl=%v", net.name, batch, workers, cpu.Active()), func(b *testing.B) {
					defer parallel.SetWorkers(workers)()
					x := autograd.Const(tensor.Full(1, batch, 224, 224, 3))
					model.Forward(x)
					b.ReportAllocs()
					for b.Loop() {
						model.Forward(x)
					}
					b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "images/s")
				})
			}
		}
	}
}
