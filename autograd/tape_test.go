package autograd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func vector(v ...float32) *tensor.Tensor { return tensor.From(v, len(v)) }

func TestMixedTapesPanic(t *testing.T) {
	a, b := NewTape(1), NewTape(2)
	x, y := a.Input(vector(1, 2)), b.Input(vector(3, 4))
	c := Const(vector(5, 6))
	for name, f := range map[string]func(){
		"Add: inputs are on different tapes":   func() { Add(x, y) },
		"Grad: Input [2] and Input [2] are on": func() { Grad(x, nil, y) },
		"VJP: Mul [2] and Input [2] are on":    func() { VJP(Mul(x, c), y, x) },
		"Backward: the loss is not on":         func() { a.Backward(Sum(y)) },
		"the loss is not on this tape":         func() { a.Backward(Sum(c)) },
	} {
		require.Panics(t, f)
		func() {
			defer func() { require.Contains(t, recover(), name) }()
			f()
		}()
	}
	require.Same(t, a, Mul(x, c).Tape())
	require.Nil(t, Mul(c, c).Tape())
}

func TestWrongArgumentsPanicWithOpAndShapes(t *testing.T) {
	in := func(shape ...int) *Var { return Const(tensor.New(shape...)) }
	labels := []int{0, 1}
	for want, f := range map[string]func(){
		"Add: [2 3] x [4 5]":            func() { Add(in(2, 3), in(4, 5)) },
		"Div: [2 3] x [2]":              func() { Div(in(2, 3), in(2)) },
		"MatMul: [2 3] x [4 5]":         func() { MatMul(in(2, 3), in(4, 5), tensor.NN) },
		"MatMul: [2]":                   func() { MatMul(in(2), in(2), tensor.NN) },
		"Conv2D: [1 4 4 3] x [3 3 2 8]": func() { Conv2D(in(1, 4, 4, 3), in(3, 3, 2, 8), tensor.ConvSpec{}) },
		"Conv2D: [4 4 3] x [3 3 3 8]":   func() { Conv2D(in(4, 4, 3), in(3, 3, 3, 8), tensor.ConvSpec{}) },
		"Conv2D: [1 2 2 3] x [3 3 3 8]": func() { Conv2D(in(1, 2, 2, 3), in(3, 3, 3, 8), tensor.ConvSpec{}) },
		"MaxPool2D: [2 2]":              func() { MaxPool2D(in(2, 2), tensor.PoolSpec{Size: tensor.Both(2)}) },
		"MaxPool2D: [1 2 2 1]":          func() { MaxPool2D(in(1, 2, 2, 1), tensor.PoolSpec{}) },
		"AvgPool2D: [1 2 2 1]":          func() { AvgPool2D(in(1, 2, 2, 1), tensor.PoolSpec{Size: tensor.Both(3)}) },
		"GlobalAvgPool: [2 3]":          func() { GlobalAvgPool(in(2, 3)) },
		"BatchNormAffine: gamma [2]":    func() { BatchNorm(Norm{X: in(4, 3), Gamma: in(2), Beta: in(3)}, Then{}) },
		"BatchNormAffine: beta [1 3]":   func() { BatchNorm(Norm{X: in(4, 3), Gamma: in(3), Beta: in(1, 3)}, Then{}) },
		"BatchNormStats: []":            func() { BatchNorm(Norm{X: in(), Gamma: in(3), Beta: in(3)}, Then{}) },
		"BatchNorm: two sums follow":    func() { BatchNorm(Norm{X: in(4, 3)}, Then{Add: in(4, 3), AddNorm: Norm{X: in(4, 3)}}) },
		"ScaleShift: what is added [3]": func() {
			BatchNorm(Norm{X: in(4, 3), Gamma: in(3), Beta: in(3)}, Then{Add: in(3)})
		},
		"ScaleShift: center [2]": func() {
			BatchNorm(Norm{X: in(4, 3), Gamma: in(3), Beta: in(3), Mean: tensor.New(2), Variance: tensor.New(3)}, Then{})
		},
		"Sum: [2 3]: no axis 2":           func() { Sum(in(2, 3), 2) },
		"Reshape: [2 3] to [4 -1]":        func() { Reshape(in(2, 3), 4, -1) },
		"Reshape: [2 3] to [-1 -1]":       func() { Reshape(NewTape(1).Input(tensor.New(2, 3)), -1, -1) },
		"Reshape: [0 3] to [0 -1]":        func() { Reshape(NewTape(1).Input(tensor.New(0, 3)), 0, -1) },
		"Reshape: [-2 -3]: negative":      func() { Reshape(in(2, 3), -2, -3) },
		"Transpose: [2 3]":                func() { Transpose(in(2, 3), 0, 2) },
		"Transpose: [2 3]: [0]":           func() { Transpose(in(2, 3), 0) },
		"Concat: [2 3] x [3 3]":           func() { Concat(1, in(2, 3), in(3, 3)) },
		"Concat: [2 3]: no axis 2":        func() { Concat(2, in(2, 3)) },
		"Concat: nothing":                 func() { Concat(0) },
		"SliceAxis: [2 3]: range 2:1":     func() { SliceAxis(in(2, 3), 1, 2, 1) },
		"PadAxis: [2 3]: negative":        func() { PadAxis(in(2, 3), 1, -4, 0) },
		"BroadcastTo: [2 3] to [2 4]":     func() { BroadcastTo(in(2, 3), 2, 4) },
		"SumTo: [2 3] to [2 2]":           func() { SumTo(in(2, 3), 2, 2) },
		"Gather: [2 3]: row 2":            func() { Gather(in(2, 3), []int{2}) },
		"SubsampleHW: [1 2 2 1]: stride":  func() { SubsampleHW(in(1, 2, 2, 1), 0) },
		"CrossEntropy: [3 4] and 2":       func() { CrossEntropy(in(3, 4), labels, 0) },
		"CrossEntropy: [2 1]: label 1 of": func() { CrossEntropy(in(2, 1), labels, 0) },
		"CrossEntropy: [2 2]: smoothing":  func() { CrossEntropy(in(2, 2), labels, 2) },
		"SoftCrossEntropy: [2 3] x [3 2]": func() { SoftCrossEntropy(in(2, 3), tensor.New(3, 2)) },
		"SoftCrossEntropy: [] x []":       func() { SoftCrossEntropy(in(), tensor.New()) },
		"MSE: [2] x [1]":                  func() { MSE(in(2), in(1)) },
		"loss of shape [2]":               func() { tape := NewTape(1); tape.Backward(tape.Input(vector(1, 2))) },
		"seed of shape [1] for Input [2]": func() { x := NewTape(1).Input(vector(1, 2)); VJP(x, in(1), x) },
	} {
		t.Run(want, func(t *testing.T) {
			defer func() { require.Contains(t, recover(), want) }()
			f()
		})
	}
}

func TestParam(t *testing.T) {
	tape := NewTape(1)
	x := tape.Input(vector(2, 3))
	p := NewParam(vector(5, 7))
	require.Same(t, p.On(x), p.On(Square(x)), "one leaf per tape and step")
	require.Equal(t, "parameter [2]", p.On(x).String())
	require.Nil(t, p.On(Const(vector(1))).Tape())
	frozen := &Param{Value: vector(1, 1), Frozen: true}
	require.Nil(t, frozen.On(x).Tape())

	step := func() {
		tape.Reset()
		x := tape.Input(vector(2, 3))
		tape.Backward(Sum(Mul(Mul(p.On(x), x), frozen.On(x))))
	}
	require.Nil(t, p.Grad)
	step()
	require.Equal(t, []float32{2, 3}, p.Grad.Data())
	step()
	require.Equal(t, []float32{4, 6}, p.Grad.Data())
	ZeroGrad([]*Param{p, frozen})
	require.Equal(t, []float32{0, 0}, p.Grad.Data())
	require.Nil(t, frozen.Grad)

	ZeroGrad([]*Param{p})
	q := NewParam(vector(1))
	tape.Reset()
	q.On(tape.Input(vector(1)))
	tape.Backward(Sum(tape.Input(vector(1))))
	require.Nil(t, q.Grad, "the loss does not depend on it")
}

func TestTrainingMode(t *testing.T) {
	tape := NewTape(1)
	x := tape.Input(vector(1))
	require.True(t, tape.Training() && x.Training())
	tape.SetTraining(false)
	require.False(t, tape.Training() || x.Training())
	tape.Reset()
	require.False(t, tape.Training(), "Reset keeps the mode")
	require.False(t, Const(vector(1)).Training())
}

func TestRandState(t *testing.T) {
	a, b := NewTape(3), NewTape(4)
	a.Rand().Uint64()
	state, err := a.RandState()
	require.NoError(t, err)
	require.NoError(t, b.SetRandState(state))
	require.Equal(t, a.Rand().Uint64(), b.Rand().Uint64())
	a.Reset()
	require.Equal(t, a.Rand().Uint64(), b.Rand().Uint64(), "Reset does not rewind")
	require.Error(t, b.SetRandState([]byte("not a state")))
}
