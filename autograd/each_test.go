package autograd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// A gradient is complete when it is reported, also of a parameter that is used twice, and reported once.
func TestBackwardEachReportsCompleteGradients(t *testing.T) {
	first, twice, last := NewParam(tensor.Full(2, 3)), NewParam(tensor.Full(3, 3)), NewParam(tensor.Full(5, 3))
	frozen := &Param{Value: tensor.Full(7, 3), Frozen: true}
	loss := func(tape *Tape) *Var {
		x := tape.Input(tensor.From([]float32{1, 2, 3}, 3))
		y := Mul(Mul(x, twice.On(x)), first.On(x))
		return Sum(Mul(Mul(Mul(y, frozen.On(x)), twice.On(x)), last.On(x)))
	}
	tape := NewTape(1)
	tape.Backward(loss(tape))
	want := map[*Param]*tensor.Tensor{}
	for _, p := range []*Param{first, twice, last} {
		want[p], p.Grad = p.Grad.Clone(), nil
	}

	var reported []*Param
	tape.Reset()
	tape.BackwardEach(loss(tape), func(p *Param) {
		requireSameBits(t, want[p], p.Grad, "complete")
		reported = append(reported, p)
	})
	require.Equal(t, []*Param{last, first, twice}, reported)
}
