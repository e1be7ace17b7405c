package nn

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// BatchNorm2D normalises each channel of an image [N, H, W, C]:
//
//	y = weight * (x - mean) / sqrt(variance + Eps) + bias
//
// In training, mean and (biased) variance are the batch's, and each Forward moves the running
// statistics towards them, running = (1-Momentum)*running + Momentum*batch, with the unbiased variance
// as PyTorch has it. In evaluation they are the running statistics, and likewise in training while Weight and Bias are
// frozen, see [Freeze]. Ioffe and Szegedy 2015.
type BatchNorm2D struct {
	Weight, Bias            *autograd.Param // [C]
	RunningMean, RunningVar *tensor.Tensor  // [C]
	Momentum, Eps           float32
	ReLU                    bool // y = max(y, 0), in the same pass over memory

	average *average // set while Recalibrate runs
}

// NewBatchNorm2D returns a batch norm with weight 1, bias 0, running mean 0 and variance 1,
// Momentum 0.1 and Eps 1e-5.
func NewBatchNorm2D(channels int) *BatchNorm2D {
	if channels < 1 {
		panic(fmt.Sprintf("nn: NewBatchNorm2D: %d channels: want at least 1", channels))
	}
	return &BatchNorm2D{
		Weight:      autograd.NewParam(tensor.Full(1, channels)),
		Bias:        autograd.NewParam(tensor.New(channels)),
		RunningMean: tensor.New(channels),
		RunningVar:  tensor.Full(1, channels),
		Momentum:    0.1,
		Eps:         1e-5,
	}
}

// NewBatchNormReLU returns a batch norm followed by a ReLU.
func NewBatchNormReLU(channels int) *BatchNorm2D {
	b := NewBatchNorm2D(channels)
	b.ReLU = true
	return b
}

// Forward returns x normalised. In training it panics when a channel has fewer than two values.
func (b *BatchNorm2D) Forward(x *autograd.Var) *autograd.Var { return b.forward(x, b.ReLU) }

func (b *BatchNorm2D) forwardReLU(x *autograd.Var) *autograd.Var { return b.forward(x, true) }

func (b *BatchNorm2D) forward(x *autograd.Var, relu bool) *autograd.Var {
	b.check(x)
	if !b.trains(x) {
		return autograd.ScaleShift(x, autograd.Const(b.RunningMean), b.scale(x), b.Bias.On(x), relu)
	}
	y, mean, variance := autograd.BatchNorm(x, b.Weight.On(x), b.Bias.On(x), b.Eps, relu)
	b.track(x, autograd.BatchStats{Mean: mean, Variance: variance})
	return y
}

// ForwardAddReLU returns max(Forward(x) + residual, 0), the end of a residual block, bit for bit but in
// fewer passes over memory.
func (b *BatchNorm2D) ForwardAddReLU(x, residual *autograd.Var) *autograd.Var {
	if b.ReLU {
		return autograd.AddReLU(b.Forward(x), residual)
	}
	b.check(x)
	if !b.trains(x) {
		return autograd.ScaleShiftAddReLU(x, autograd.Const(b.RunningMean), b.scale(x), b.Bias.On(x), residual)
	}
	y, mean, variance := autograd.BatchNormAddReLU(x, b.Weight.On(x), b.Bias.On(x), residual, b.Eps)
	b.track(x, autograd.BatchStats{Mean: mean, Variance: variance})
	return y
}

// ForwardAddNormReLU returns max(Forward(x) + other.Forward(z), 0), the end of a residual block with a
// projection, bit for bit but without memory for other's result.
func (b *BatchNorm2D) ForwardAddNormReLU(x *autograd.Var, other *BatchNorm2D, z *autograd.Var) *autograd.Var {
	if b.ReLU || other.ReLU || !b.trains(x) || !other.trains(z) {
		return b.ForwardAddReLU(x, other.Forward(z))
	}
	b.check(x)
	other.check(z)
	y, ofX, ofZ := autograd.BatchNormsAddReLU(b.on(x), other.on(z))
	other.track(z, ofZ)
	b.track(x, ofX)
	return y
}

// forwardMaxPool is Forward and a pooling behind it, without memory for what is pooled where that can be.
func (b *BatchNorm2D) forwardMaxPool(x *autograd.Var, pool MaxPool2D) *autograd.Var {
	if !b.ReLU || !b.trains(x) {
		return pool.Forward(b.Forward(x))
	}
	b.check(x)
	y, of := autograd.BatchNormReLUMaxPool2D(b.on(x), tensor.PoolSpec(pool))
	b.track(x, of)
	return y
}

// trains reports whether b normalises x with the statistics of x itself.
func (b *BatchNorm2D) trains(x *autograd.Var) bool {
	frozen := b.Weight.Frozen && b.Bias.Frozen
	return x.Training() && (!frozen || b.average != nil)
}

func (b *BatchNorm2D) on(x *autograd.Var) autograd.Normed {
	return autograd.Normed{X: x, Gamma: b.Weight.On(x), Beta: b.Bias.On(x), Eps: b.Eps}
}

// track moves the running statistics towards those of a batch x.
func (b *BatchNorm2D) track(x *autograd.Var, batch autograd.BatchStats) {
	n := x.Value().Len() / b.Weight.Value.Len()
	momentum := b.Momentum
	if b.average != nil {
		momentum = b.average.momentum()
	}
	unbiased := float32(n) / float32(n-1)
	rm, rv := b.RunningMean.Data(), b.RunningVar.Data()
	for c := range rm {
		rm[c] += momentum * (batch.Mean.Data()[c] - rm[c])
		rv[c] += momentum * (batch.Variance.Data()[c]*unbiased - rv[c])
	}
}

// scale returns weight / sqrt(running_var + Eps) [C] on x's tape: evaluation is (x - running_mean)*scale + bias.
func (b *BatchNorm2D) scale(x *autograd.Var) *autograd.Var {
	invstd := tensor.New(b.RunningVar.Shape()...)
	for c, v := range b.RunningVar.Data() {
		invstd.Data()[c] = float32(1 / math.Sqrt(float64(v)+float64(b.Eps)))
	}
	return autograd.Mul(b.Weight.On(x), autograd.Const(invstd))
}

// Parts returns the parameters weight and bias and the buffers running_mean and running_var.
func (b *BatchNorm2D) Parts() []Part {
	return []Part{
		{Name: "weight", Param: b.Weight}, {Name: "bias", Param: b.Bias},
		{Name: "running_mean", Buffer: b.RunningMean}, {Name: "running_var", Buffer: b.RunningVar},
	}
}
