package main

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/figure"
)

// roofline draws the rate of every result over the operations it does on each byte that it must move,
// under the two roofs: the multiply-add peak and the bandwidth of a large copy. Williams, Waterman and
// Patterson 2009. It takes the results with the number of threads that comes first.
func roofline(results []Result) figure.Chart {
	threads := results[0].Threads
	peak, bandwidth := roofs(results, threads)
	c := figure.Chart{
		Title:  fmt.Sprintf("Roofline, %d threads", threads),
		XLabel: "operations per byte moved, flop/byte", YLabel: "rate, GFLOP/s", LogX: true, LogY: true,
	}
	if threads == 1 {
		c.Title = "Roofline, 1 thread"
	}
	low, high := math.Inf(1), 0.0
	for _, suite := range suiteNames() {
		s := figure.Series{Name: suite, Style: figure.Points}
		for _, r := range results {
			if r.Suite == suite && r.Threads == threads && r.Intensity > 0 {
				s.X, s.Y = append(s.X, r.Intensity), append(s.Y, r.GFlops)
				low, high = min(low, r.Intensity), max(high, r.Intensity)
			}
		}
		if len(s.X) > 0 {
			c.Series = append(c.Series, s)
		}
	}
	roof := figure.Series{Name: fmt.Sprintf("%.0f GFLOP/s, %.0f GB/s", peak, bandwidth), Style: figure.Curve}
	for _, x := range []float64{low, peak / bandwidth, high} {
		roof.X, roof.Y = append(roof.X, x), append(roof.Y, min(peak, x*bandwidth))
	}
	c.Series = append(c.Series, roof)
	return c
}

// roofs are the medians of what the yardsticks measured; copies count when they leave the caches.
func roofs(results []Result, threads int) (peak, bandwidth float64) {
	const large = 64e6 // bytes
	var peaks, copies []float64
	for _, r := range results {
		if r.Threads != threads {
			continue
		}
		if r.Peak > 0 {
			peaks = append(peaks, r.Peak)
		}
		if r.Copy > 0 && r.GBytes*r.OursMS*1e6 > large {
			copies = append(copies, r.Copy)
		}
	}
	return median(peaks), median(copies)
}
