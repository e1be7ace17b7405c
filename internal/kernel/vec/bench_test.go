package vec

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
)

// pass is a memory-bound call for the benchmarks: it must move streams times n float32.
type pass struct {
	name    string
	streams int
	run     func(b *buffers)
}

// buffers are matrices [rows, c] and row vectors.
type buffers struct {
	n, c       int
	m          [5][]float32
	row        [8][]float32
	copyGrain  int
	copyChunks parallel.Func
}

func newBuffers(n, c int) *buffers {
	b := &buffers{n: n, c: c, copyGrain: grain}
	if n >= streamLen {
		b.copyGrain = 1 << 20 // large enough for the runtime's copy to write past the caches
	}
	r := random(1)
	for i := range b.m {
		b.m[i] = make([]float32, n)
		for j := range b.m[i] {
			b.m[i][j] = r.Float32()
		}
	}
	for i := range b.row {
		b.row[i] = normal(r, c)
	}
	b.copyChunks = func(lo, hi int) { copy(b.m[0][lo:hi], b.m[1][lo:hi]) }
	return b
}

// norm is a batch norm with a ReLU, of the first five row vectors.
func (b *buffers) norm() Norm { return Norm{b.row[0], b.row[1], b.row[2], b.row[3], b.row[4]} }

var passes = []pass{
	{"Fill", 1, func(b *buffers) { Fill(b.m[0], 1) }},
	{"ReLU", 2, func(b *buffers) { ReLU(b.m[0], b.m[1]) }},
	{"Scale", 2, func(b *buffers) { Scale(b.m[0], b.m[0], 0.999) }},
	{"Add", 3, func(b *buffers) { Add(b.m[0], b.m[1], b.m[2]) }},
	{"AddReLU", 3, func(b *buffers) { AddReLU(b.m[0], b.m[1], b.m[2]) }},
	{"ReLUGrad", 3, func(b *buffers) { ReLUGrad(b.m[0], b.m[1], b.m[2]) }},
	{"Exp", 2, func(b *buffers) { Exp(b.m[0], b.m[1]) }},
	{"Log", 2, func(b *buffers) { Log(b.m[0], b.m[1]) }},
	{"Tanh", 2, func(b *buffers) { Tanh(b.m[0], b.m[1]) }},
	{"Sigmoid", 2, func(b *buffers) { Sigmoid(b.m[0], b.m[1]) }},
	{"Sum", 1, func(b *buffers) { Sum(b.m[0]) }},
	{"Dot", 2, func(b *buffers) { Dot(b.m[0], b.m[1]) }},
	{"AddRow", 2, func(b *buffers) { AddRow(b.m[0], b.m[1], b.row[0]) }},
	{"AddRowReLU", 2, func(b *buffers) { AddRowReLU(b.m[0], b.m[1], b.row[0]) }},
	{"ScaleShiftRowsReLU", 2, func(b *buffers) { ScaleShiftRows(b.m[0], b.m[1], b.row[0], b.row[1], b.row[2], true) }},
	{"ScaleShiftAddRowsReLU", 3, func(b *buffers) { ScaleShiftAddRows(b.m[0], b.m[1], b.row[0], b.row[1], b.row[2], b.m[2], true) }},
	{"SumRows", 1, func(b *buffers) { SumRows(b.row[0], b.m[0], b.c, 1) }},
	{"BatchNormStats", 1, func(b *buffers) { BatchNormStats(b.norm(), b.row[5], b.m[0], 1e-5) }},
	{"BatchNormGradSumsReLU", 2, func(b *buffers) {
		BatchNormGradSums(b.row[5], b.row[6], b.m[0], b.m[1], b.norm())
	}},
	{"BatchNormAddGradSums", 4, func(b *buffers) {
		BatchNormAddGradSums(b.m[3], b.row[5], b.row[6], b.m[0], b.m[1], b.m[2], b.norm())
	}},
	{"BatchNormInputGradReLU", 3, func(b *buffers) {
		BatchNormInputGrad(b.m[2], b.m[0], b.m[1], b.norm(), b.row[5], b.row[6], b.row[7])
	}},
	{"SoftmaxRows", 2, func(b *buffers) { SoftmaxRows(b.m[0], b.m[1], b.c) }},
	{"LogSoftmaxRows", 2, func(b *buffers) { LogSoftmaxRows(b.m[0], b.m[1], b.c) }},
	{"SGDStepNesterov", 5, func(b *buffers) { SGDStep(b.m[0], b.m[1], b.m[2], 1e-9, 0.9, 1e-4, true) }},
	{"AdamStep", 7, func(b *buffers) { AdamStep(b.m[0], b.m[1], b.m[2], b.m[3], 1e-9, 0.9, 0.999, 1e-8, 0, false, 10) }},
}

// BenchmarkPasses reports, besides GB/s of the bytes that a pass must move, the fraction of the
// bandwidth that copying a matrix of the same size by the same workers has; copies and passes
// alternate, and the medians count. Fractions above 1 are passes that read more than they write, or stay in a cache.
func BenchmarkPasses(b *testing.B) {
	for _, shape := range []struct{ n, c int }{{1 << 17, 16}, {1 << 21, 64}, {1 << 24, 64}, {1 << 24, 1000}} {
		shape.n -= shape.n % shape.c
		buf := newBuffers(shape.n, shape.c)
		for _, p := range passes {
			for _, l := range cpu.Available() {
				if l == cpu.Generic {
					continue
				}
				b.Run(fmt.Sprintf("op=%s/shape=%dx%d/impl=%v", p.name, shape.n/shape.c, shape.c, l), func(b *testing.B) {
					defer cpu.Set(l)()
					benchmarkPass(b, p, buf)
				})
			}
		}
	}
}

func benchmarkPass(b *testing.B, p pass, buf *buffers) {
	var copying, passing []time.Duration
	p.run(buf)
	for b.Loop() {
		start := time.Now()
		parallel.For(buf.n, buf.copyGrain, buf.copyChunks)
		middle := time.Now()
		p.run(buf)
		passing = append(passing, time.Since(middle))
		copying = append(copying, middle.Sub(start))
	}
	bytes := 4 * float64(buf.n)
	speed := bytes * float64(p.streams) / median(passing).Seconds()
	b.ReportMetric(float64(median(passing).Nanoseconds()), "ns/op")
	b.ReportMetric(speed/1e9, "GB/s")
	b.ReportMetric(speed/(2*bytes/median(copying).Seconds()), "of-copy")
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
