package nn

import (
	"fmt"

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

// Forward returns x normalised. In training it panics when a channel has fewer than two values.
func (b *BatchNorm2D) Forward(x *autograd.Var) *autograd.Var { return b.forward(x, autograd.Then{}) }

// forward returns x normalised, and what follows.
func (b *BatchNorm2D) forward(x *autograd.Var, then autograd.Then) *autograd.Var {
	y, of, _ := autograd.BatchNorm(b.on(x), then)
	b.track(x, of)
	return y
}

// trains reports whether b normalises x with the statistics of x itself.
func (b *BatchNorm2D) trains(x *autograd.Var) bool {
	frozen := b.Weight.Frozen && b.Bias.Frozen
	return x.Training() && (!frozen || b.average != nil)
}

// on returns b of x, by the statistics that are due.
func (b *BatchNorm2D) on(x *autograd.Var) autograd.Norm {
	b.check()
	n := autograd.Norm{X: x, Gamma: b.Weight.On(x), Beta: b.Bias.On(x), Eps: b.Eps}
	if !b.trains(x) {
		n.Mean, n.Variance = b.RunningMean, b.RunningVar
	}
	return n
}

// track moves the running statistics towards those of a batch x, if b was computed by these.
func (b *BatchNorm2D) track(x *autograd.Var, batch tensor.Moments) {
	if batch.Mean == nil {
		return
	}
	n := batch.Rows
	if n < 2 { // known only now, of a batch that several tapes hold parts of; nothing has changed yet
		b.fail("%v: training needs at least two values per channel: more images in a batch, or larger ones", x.Shape())
	}
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

// Parts returns the parameters weight and bias and the buffers running_mean and running_var.
func (b *BatchNorm2D) Parts() []Part {
	return []Part{
		{Name: "weight", Param: b.Weight}, {Name: "bias", Param: b.Bias},
		{Name: "running_mean", Buffer: b.RunningMean}, {Name: "running_var", Buffer: b.RunningVar},
	}
}
