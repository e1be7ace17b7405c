package infer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/nn"
)

// Tuning says which algorithm is the fastest for a convolution, as [Tune] measured it: by the instruction set and the
// shape, both as [Tune] names them. It is plain data, to be saved as JSON, for example. The zero value knows nothing.
type Tuning map[string]string

// nameOf is what algorithms are called in a [Tuning] and by [Program.String].
var nameOf = [...]string{conv.Direct: "direct", conv.Winograd4: "F(4x4, 3x3)", conv.Winograd2: "F(2x2, 3x3)"}

// chooser says how to compute a convolution by some weights.
type chooser func(s conv.Shape, w []float32) (conv.Algorithm, error)

// byRule is what is expected to be the fastest.
func byRule(s conv.Shape, _ []float32) (conv.Algorithm, error) { return conv.Algorithms(s)[0], nil }

// tuningRounds is how often each algorithm has its turn. The fastest one counts: others were disturbed.
const tuningRounds = 9

// Tune measures the algorithms of each convolution in m, for as many images as go through it at once in the program of
// [Compile] for the same batches, and with as many workers as there are now. That takes some ten times as long as Run. Rules
// that were measured on other machines decide otherwise; see [Program.String] for what became of each layer.
func Tune(ctx context.Context, m nn.Module, batch ...int) (Tuning, error) {
	t := Tuning{}
	_, err := compile(m, func(s conv.Shape, w []float32) (conv.Algorithm, error) {
		all := conv.Algorithms(s)
		if len(all) == 1 {
			return all[0], nil
		}
		key := tuningKey(s)
		if _, known := t[key]; !known {
			if ctx.Err() != nil {
				return 0, cancelled.Err(ctx)
			}
			t[key] = nameOf[fastest(all, s, w)]
		}
		return t.algorithm(s, w)
	}, batch)
	if err != nil {
		return nil, fmt.Errorf("infer: Tune: %w", err)
	}
	return t, nil
}

// Compile is [Compile] with the algorithms of t for the convolutions that it knows. The results are those of other
// algorithms within rounding, not to the bit. An algorithm that does not exist, or not for its shape, is an error.
func (t Tuning) Compile(m nn.Module, batch ...int) (*Program, error) {
	p, err := compile(m, t.algorithm, batch)
	if err != nil {
		return nil, fmt.Errorf("infer: Tuning.Compile: %w", err)
	}
	return p, nil
}

// algorithm returns that of t, or byRule's.
func (t Tuning) algorithm(s conv.Shape, w []float32) (conv.Algorithm, error) {
	name, known := t[tuningKey(s)]
	if !known {
		return byRule(s, w)
	}
	var names []string
	for _, a := range conv.Algorithms(s) {
		if nameOf[a] == name {
			return a, nil
		}
		names = append(names, nameOf[a])
	}
	return 0, fmt.Errorf("tuning: %q for %q: want one of %q", name, tuningKey(s), names)
}

func tuningKey(s conv.Shape) string {
	return fmt.Sprintf("%v: Conv2D %dx%d, %d images %dx%dx%d to %dx%dx%d", cpu.Active(), s.R, s.S, s.N, s.H, s.W, s.C, s.OutH(), s.OutW(), s.K)
}

// fastest measures algorithms in turns.
func fastest(all []conv.Algorithm, s conv.Shape, w []float32) conv.Algorithm {
	prepared := make([]*conv.Prepared, len(all))
	for i, a := range all {
		prepared[i] = conv.Prepare(a, s, w)
	}
	x, y := make([]float32, s.N*s.H*s.W*s.C), make([]float32, s.N*s.OutH()*s.OutW()*s.K)
	best := make([]time.Duration, len(all))
	for round := range tuningRounds {
		for i, p := range prepared {
			start := time.Now()
			p.Run(y, x, s.N, conv.Epilogue{Act: conv.ReLU})
			if took := time.Since(start); round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	return all[slices.Index(best, slices.Min(best))]
}
