package infer

import (
	"context"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/table"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Losses says what quantising loses, as ratios of signal to noise in decibels, 10 log10 of the sum of squares of what the
// float32 program gives over that of the differences; +Inf where there are none. Twenty more are a tenth of the error.
type Losses struct {
	Images int // that were compared
	Layers []LayerLoss
	Output float64 // of the whole program, with all layers quantised
}

// LayerLoss is what a layer loses, and makes a net lose.
type LayerLoss struct {
	Name, Op string
	Whole    float64 // of the layer's result in the whole program
	Own      float64 // of its result where no other layer is quantised
	Output   float64 // of the program's output where no other layer is quantised: the least are the ones to keep in float32
}

// compared is how many images losses are measured on.
const compared = 4

// Sensitivity calibrates as [Quantize] does, and says what each layer loses on the first few of the images. That takes a run
// of the program for each layer.
func Sensitivity(ctx context.Context, m nn.Module, images *tensor.Tensor, o Quantization) (*Losses, error) {
	q, err := calibrated(ctx, m, images, o)
	if err != nil {
		return nil, fmt.Errorf("infer: Sensitivity: %w", err)
	}
	x := images.Slice(0, min(compared, images.Dim(0)))
	l, err := q.losses(ctx, x)
	if err != nil {
		return nil, fmt.Errorf("infer: Sensitivity: %w", err)
	}
	return l, nil
}

func (q *quantizer) losses(ctx context.Context, x *tensor.Tensor) (*Losses, error) {
	results := map[*value]bool{q.float.output: true}
	for _, s := range q.layers {
		results[s.out] = true
	}
	want, err := q.float.record(ctx, x, results)
	if err != nil {
		return nil, err
	}
	whole, err := q.program(func(*step) bool { return true }).record(ctx, x, results)
	if err != nil {
		return nil, err
	}
	ratio := func(got map[*value][]float32, v *value) float64 { return decibels(want[v], got[v]) }
	l := &Losses{Images: x.Dim(0), Output: ratio(whole, q.float.output)}
	for _, s := range q.layers {
		alone, err := q.program(func(t *step) bool { return t == s }).record(ctx, x, map[*value]bool{s.out: true, q.float.output: true})
		if err != nil {
			return nil, err
		}
		l.Layers = append(l.Layers, LayerLoss{s.name, s.op.String(), ratio(whole, s.out), ratio(alone, s.out), ratio(alone, q.float.output)})
	}
	return l, nil
}

// record returns what the program gives for some values of the float32 program.
func (p *Program) record(ctx context.Context, x *tensor.Tensor, of map[*value]bool) (map[*value][]float32, error) {
	all := map[*value][]float32{}
	return all, p.watch(ctx, x, func(v *value, numbers []float32) {
		original := v
		if v.of != nil {
			original = v.of
		}
		if of[original] && !v.converted {
			all[original] = append(all[original], numbers...)
		}
	})
}

func decibels(want, got []float32) float64 {
	var signal, noise float64
	for i, w := range want {
		d := float64(w) - float64(got[i])
		signal += float64(w) * float64(w)
		noise += d * d
	}
	return 10 * math.Log10(signal/noise)
}

// String returns a table, in decibels.
func (l *Losses) String() string {
	rows := [][]string{{"layer", "computes", "whole", "own", "output"}}
	number := func(v float64) string { return fmt.Sprintf("%.1f", v) }
	for _, s := range l.Layers {
		rows = append(rows, []string{s.Name, s.Op, number(s.Whole), number(s.Own), number(s.Output)})
	}
	rows = append(rows, []string{"all", "", "", "", number(l.Output)})
	return table.Align(2, rows...) + fmt.Sprintf("signal to noise in dB, %d images\n", l.Images)
}
