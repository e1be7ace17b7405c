package autograd

import (
	"testing"

	"github.com/residuum-go/residuum/tensor"
)

// What the tape itself costs: elementwise ops on one number.
func BenchmarkOverhead(b *testing.B) {
	const ops = 1000
	x := NewParam(tensor.Full(0.1, 1))
	for name, back := range map[string]func(*Tape, *Var, *Var){
		"forward":  func(*Tape, *Var, *Var) {},
		"backward": func(t *Tape, x, y *Var) { t.Backward(y) },
		"vjp":      func(t *Tape, x, y *Var) { VJP(y, nil, x) },
		"grad":     func(t *Tape, x, y *Var) { Grad(y, nil, x) },
	} {
		b.Run("walk="+name, func(b *testing.B) {
			tape := NewTape(1)
			b.ReportAllocs()
			for b.Loop() {
				tape.Reset()
				v := x.On(tape.Input(x.Value))
				y := v
				for range ops / 2 {
					y = Neg(Add(y, v))
				}
				back(tape, v, y)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/ops, "ns/op-recorded")
		})
	}
}

func BenchmarkStep(b *testing.B) {
	step := stepper(newSmallNet(), NewTape(1), 16)
	b.ReportAllocs()
	for b.Loop() {
		step()
	}
}
