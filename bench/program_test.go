package bench_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/bench/worker"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// BenchmarkCallers runs a program for one caller with a batch, and for 8 goroutines with an image each. On a busy machine
// the processor time of an image is what can be compared.
func BenchmarkCallers(b *testing.B) {
	for _, net := range []struct {
		name   string
		config resnet.Config
		side   int
	}{
		{"resnet20", resnet.Config{Kind: resnet.Original, Depth: 20, Classes: 10}, 32},
		{"resnet18", resnet.ResNet18(1000), 224},
	} {
		model, err := resnet.New(net.config, rand.New(rand.NewPCG(1, 1)))
		require.NoError(b, err)
		program, err := infer.Compile(model, 8, net.side, net.side, 3)
		require.NoError(b, err)
		for _, c := range []struct{ goroutines, batch int }{{1, 1}, {1, 8}, {1, 32}, {8, 1}} {
			b.Run(fmt.Sprintf("net=%s/goroutines=%d/batch=%d", net.name, c.goroutines, c.batch), func(b *testing.B) {
				call := func(times int) {
					x := tensor.Full(1, c.batch, net.side, net.side, 3)
					y, err := program.Run(context.Background(), nil, x)
					for range times {
						if err == nil {
							_, err = program.Run(context.Background(), y, x)
						}
					}
					if err != nil {
						b.Error(err)
					}
				}
				call(1)
				b.ReportAllocs()
				b.ResetTimer()
				before := worker.ProcessorTime()
				var all sync.WaitGroup
				for range c.goroutines {
					all.Go(func() { call(b.N) })
				}
				all.Wait()
				b.ReportMetric(float64(worker.ProcessorTime()-before)/1e6/float64(c.goroutines*c.batch*b.N), "processor-ms/image")
				b.ReportMetric(float64(c.goroutines*c.batch*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}
