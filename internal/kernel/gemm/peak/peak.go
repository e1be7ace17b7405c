// Package peak measures kernels as a fraction of what the multipliers can do at that moment.
package peak

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

// EachLevel runs f as a sub-benchmark impl=avx512 and so on for every level that has a yardstick, with
// the kernels switched to it, highest level first.
func EachLevel(b *testing.B, f func(b *testing.B)) {
	levels := cpu.Available()
	slices.Reverse(levels)
	for _, l := range levels {
		if tile.Peak(l, 1) == 0 {
			continue
		}
		b.Run("impl="+l.String(), func(b *testing.B) {
			defer cpu.Set(l)()
			f(b)
		})
	}
}

// Compare runs f, which does flops floating-point operations, in turns with a loop of independent
// multiply-adds on as many workers, by the processor time of the thread when there is one worker. It reports the median rate of f in GFLOP/s, the median of the
// ratios of the two rates of each turn (of-peak), and the ratio of the best rates (best-of-best),
// which another program on the machine disturbs less.
func Compare(b *testing.B, flops float64, f func()) {
	const turn = 400 * time.Microsecond
	workers := parallel.Workers()
	now := func() time.Duration { return time.Duration(time.Now().UnixNano()) }
	if workers == 1 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		now = threadTime
	}
	f()
	start := now()
	f()
	times := 1 + int(turn/(now()-start+1))
	l := cpu.Active()
	steps := 1
	for start := now(); now()-start < turn; steps += 1000 {
		tile.Peak(l, 1000)
	}
	spin := parallel.Func(func(lo, hi int) { tile.Peak(l, steps) })
	perSpin := tile.Peak(l, 1) * float64(steps*workers)

	var rates, peaks, ratios []float64
	for b.Loop() {
		start := now()
		for range times {
			f()
		}
		rate := flops * float64(times) / (now() - start).Seconds()
		start = now()
		parallel.For(workers, 1, spin)
		p := perSpin / (now() - start).Seconds()
		rates, peaks, ratios = append(rates, rate), append(peaks, p), append(ratios, rate/p)
	}
	b.ReportMetric(0, "ns/op") // it would count the yardstick
	b.ReportMetric(median(rates)/1e9, "GFLOP/s")
	b.ReportMetric(median(ratios), "of-peak")
	b.ReportMetric(slices.Max(rates)/slices.Max(peaks), "best-of-best")
}

func median(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/2]
}
