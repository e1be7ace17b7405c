package tile_test

import (
	"fmt"
	"testing"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/peak"
	. "github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
)

// BenchmarkRows measures one tile whose operands stay in the cache, as a fraction of the multiply-add
// peak measured in turns with it.
func BenchmarkRows(b *testing.B) {
	for _, l := range cpu.Available()[1:] {
		rows, cols := Size(l)
		for _, taps := range []int{1, 9} {
			for _, inner := range []int{16, 64, 256} {
				for _, kind := range []string{"wide", "narrow", "pair"} {
					n := rows
					r := Rows{Rows: n, Taps: taps, Inner: inner, A: make([]float32, 16*inner), Zero: make([]float32, inner), B: make([]float32, taps*inner*cols),
						LDB: cols, C: make([]float32, n*cols), Cols: cols}
					for range taps {
						for i := range n {
							r.Off = append(r.Off, int32(i*inner))
						}
					}
					for i := range n {
						r.Out = append(r.Out, int32(i*cols))
					}
					run := r.Run
					if kind != "wide" {
						r.Cols = cols / 2
					}
					if kind == "pair" {
						run = r.RunPair
					}
					b.Run(fmt.Sprintf("shape=%dx%dx%d/kind=%s/impl=%v", n, taps, inner, kind, l), func(b *testing.B) {
						fraction(b, l, 2*float64(n*taps*inner*r.Cols), func() { run(l) })
					})
				}
			}
		}
	}
}

// BenchmarkOuter does for Outer what BenchmarkRows does for Rows.
func BenchmarkOuter(b *testing.B) {
	for _, l := range cpu.Available()[1:] {
		_, cols := Size(l)
		for _, n := range []int{4, 8, 12, 16, 24} {
			for _, steps := range []int32{7, 28, 256} {
				for _, c := range []int{cols, cols / 2} {
					if max, _ := Size(l); c == cols && n > max || n > NarrowRows(l) {
						continue
					}
					o := Outer{Rows: n, Segs: 1, Seg: []int32{0, 0, steps, 0, 0, steps, 0, 0, steps, 0, 0, steps}, A: make([]float32, 24*int(steps)), B: make([]float32, int(steps)*cols), LDA: 24, LDB: cols,
						C: make([]float32, n*cols), LDC: cols, Cols: c}
					o.Segs = 4
					b.Run(fmt.Sprintf("shape=%dx%dx4x%d/impl=%v", n, c, steps, l), func(b *testing.B) {
						fraction(b, l, 8*float64(n*c)*float64(steps), func() { o.Run(l) })
					})
				}
			}
		}
	}
}

// fraction compares f with the peak of level l on one worker.
func fraction(b *testing.B, l cpu.Level, flops float64, f func()) {
	defer parallel.SetWorkers(1)()
	defer cpu.Set(l)()
	peak.Compare(b, flops, f)
}

// BenchmarkStrip measures strips whose operands stay in the second-level cache.
func BenchmarkStrip(b *testing.B) {
	for _, l := range cpu.Available()[1:] {
		_, wide := Size(l)
		for _, k := range []int{16, 64, 256, 384} {
			for _, cols := range []int{wide, wide - 4, wide / 2} {
				const m = 96
				s := Strip{M: m, Rows: StripRows(l, cols), K: k, A: make([]float32, m*(k+16)), RowA: k + 16, StepA: 1, B: make([]float32, k*wide), LDB: wide,
					C: make([]float32, m*wide), LDC: wide, Cols: cols}
				s.Ahead = s.A
				b.Run(fmt.Sprintf("shape=%dx%dx%d/impl=%v", m, cols, k, l), func(b *testing.B) {
					fraction(b, l, 2*float64(m*cols*k), func() { s.Run(l) })
				})
			}
		}
	}
}
