package infer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/gemm/tile"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/table"
	"github.com/residuum-go/residuum/tensor"
)

// Profile says where a program spends its time.
type Profile struct {
	Images, Workers int
	Peak            float64 // FLOP/s of multiply-adds that wait for nothing, on all workers, which layers of bytes exceed; 0 where it is not known
	Steps           []StepTime
}

// StepTime is the median over rounds of what a step took.
type StepTime struct {
	Name, Op     string
	Time         time.Duration
	MultiplyAdds int64 // as the definition of the op counts them, so Winograd's algorithm can be above the peak
	Bytes        int64 // of the operands, weights and results: what moves at least
}

// Profile runs the program on images x, as many as share a workspace, a number of rounds after one that does not count,
// and times each step and, in between, the multipliers.
func (p *Program) Profile(ctx context.Context, x *tensor.Tensor, rounds int) (*Profile, error) {
	n := min(x.Dim(0), p.together)
	if n < 1 || rounds < 1 {
		panic(fmt.Sprintf("infer: Profile: %d images, %d rounds: want at least 1", n, rounds))
	}
	if _, err := p.Run(ctx, nil, x.Slice(0, n)); err != nil {
		return nil, err
	}
	w := p.workspace()
	defer p.giveBack(w)
	v := w.views(p, n)
	copy(v.input.Data(), x.Data())
	took, times := map[*step]time.Duration{}, map[*step][]time.Duration{}
	var peaks []float64
	for range rounds {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("infer: Profile: %w", err)
		}
		copy(v.input.Data(), x.Data())
		clear(took)
		for _, r := range v.runs {
			start := time.Now()
			r.step.op.run(w, r.dst, r.in)
			took[r.step] += time.Since(start)
		}
		for s, t := range took {
			times[s] = append(times[s], t)
		}
		peaks = append(peaks, multipliers())
	}
	result := &Profile{Images: n, Workers: parallel.Workers(), Peak: median(peaks)}
	for s := range p.steps {
		t := StepTime{Name: s.name, Op: s.op.String(), Time: median(times[s]), MultiplyAdds: int64(n) * s.multiplyAdds}
		elements := n * s.out.elements()
		for _, in := range s.in {
			elements += n * in.elements()
			if in.known != nil {
				elements += in.known.Len()
			}
		}
		t.Bytes = 4 * int64(elements)
		if l, ok := s.op.(layer); ok {
			_, bytes := l.weights()
			t.Bytes += int64(bytes)
		}
		result.Steps = append(result.Steps, t)
	}
	return result, nil
}

// steps calls yield for every step.
func (p *Program) steps(yield func(*step) bool) {
	for _, part := range p.sections {
		for _, s := range part.steps {
			if !yield(s) {
				return
			}
		}
	}
}

// multipliers returns the FLOP/s of multiply-adds that wait for nothing.
func multipliers() float64 {
	const steps = 20000
	level, workers := cpu.Active(), parallel.Workers()
	start := time.Now()
	parallel.For(workers, 1, parallel.Func(func(int, int) { tile.Peak(level, steps) }))
	return tile.Peak(level, 1) * steps * float64(workers) / time.Since(start).Seconds()
}

func median[T float64 | time.Duration](values []T) T {
	slices.Sort(values)
	return values[len(values)/2]
}

// String returns a table: of each step the time in milliseconds and its share, the rate of its arithmetic and the fraction
// that is of the peak, and the bytes it moves at least, in MB and GB/s.
func (p *Profile) String() string {
	rows := [][]string{{"step", "computes", "ms", "share", "GFLOP/s", "of peak", "MB", "GB/s"}}
	total := StepTime{Name: "total"}
	for _, s := range p.Steps {
		total.Time += s.Time
		total.MultiplyAdds += s.MultiplyAdds
		total.Bytes += s.Bytes
	}
	for _, s := range append(slices.Clone(p.Steps), total) {
		seconds := max(s.Time.Seconds(), 1e-9)
		r := []string{s.Name, s.Op, fmt.Sprintf("%.3f", 1e3*s.Time.Seconds()), percent(float64(s.Time) / float64(max(total.Time, 1))), "", "",
			fmt.Sprintf("%.2f", float64(s.Bytes)/1e6), fmt.Sprintf("%.1f", float64(s.Bytes)/seconds/1e9)}
		if flops := 2 * float64(s.MultiplyAdds) / seconds; flops > 0 {
			r[4] = fmt.Sprintf("%.1f", flops/1e9)
			if p.Peak > 0 {
				r[5] = percent(flops / p.Peak)
			}
		}
		rows = append(rows, r)
	}
	return fmt.Sprintf("%d images, %d workers\n", p.Images, p.Workers) + table.Align(2, rows...)
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }
