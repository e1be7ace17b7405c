package pool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
)

// BenchmarkPooling reports, besides GB/s of the bytes that a call must move, the fraction of the
// bandwidth that copying the input by the same workers has; copies and calls alternate, and the
// medians count.
func BenchmarkPooling(b *testing.B) {
	stem := Shape{N: 4, H: 112, W: 112, C: 64, SizeH: 3, SizeW: 3, StrideH: 2, StrideW: 2, PadH: 1, PadW: 1}
	halve := Shape{N: 64, H: 32, W: 32, C: 16, SizeH: 2, SizeW: 2, StrideH: 2, StrideW: 2}
	for _, s := range []Shape{stem, halve} {
		x, spare := make([]float32, s.In()), make([]float32, s.In())
		y, idx := make([]float32, s.Out()), make([]int32, s.Out())
		for i := range x {
			x[i] = float32(i * 7919 % 1000)
		}
		Max(s, y, idx, x)
		means := make([]float32, s.N*s.C)
		for _, op := range []struct {
			name     string
			elements int
			run      func()
		}{
			{"Max", s.In() + 2*s.Out(), func() { Max(s, y, idx, x) }},
			{"MaxGrad", s.In() + 2*s.Out(), func() { MaxGrad(s, spare, y, idx) }},
			{"Avg", s.In() + s.Out(), func() { Avg(s, y, x) }},
			{"AvgGrad", s.In() + s.Out(), func() { AvgGrad(s, spare, y) }},
			{"GlobalAvg", s.In(), func() { GlobalAvg(means, x, s.N, s.H*s.W, s.C) }},
			{"GlobalAvgGrad", s.In(), func() { GlobalAvgGrad(spare, means, s.N, s.H*s.W, s.C) }},
		} {
			for _, l := range cpu.Available()[1:] {
				b.Run(fmt.Sprintf("op=%s/shape=%dx%dx%dx%d/size=%d/impl=%v", op.name, s.N, s.H, s.W, s.C, s.SizeH, l), func(b *testing.B) {
					defer cpu.Set(l)()
					var copying, pooling []time.Duration
					move := parallel.Func(func(lo, hi int) { copy(spare[lo:hi], x[lo:hi]) })
					for b.Loop() {
						start := time.Now()
						parallel.For(len(x), grain, move)
						middle := time.Now()
						op.run()
						pooling = append(pooling, time.Since(middle))
						copying = append(copying, middle.Sub(start))
					}
					slices.Sort(copying)
					slices.Sort(pooling)
					speed := 4 * float64(op.elements) / pooling[len(pooling)/2].Seconds()
					b.ReportMetric(speed/1e9, "GB/s")
					b.ReportMetric(speed/(8*float64(s.In())/copying[len(copying)/2].Seconds()), "of-copy")
				})
			}
		}
	}
}
