package resnet

import (
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// builder makes the layers of one net, from the first to the last.
type builder struct {
	Config
	kind
	rng      *rand.Rand // nil for a net that is filled from elsewhere: its weights stay zero
	work     int64      // multiply-adds of the convolutions and linear layers so far
	features int        // layers of a vgg net so far, as torchvision counts them
	left     float64    // elements that may still be made
}

// make counts the elements of a layer before it is made.
func (b *builder) make(sizes ...int) {
	n := 1.0
	for _, s := range sizes {
		n *= float64(s)
	}
	if b.left -= n; b.left < 0 {
		panic(errLarge)
	}
}

// conv makes a convolution that keeps the size of the image but for its stride. Its weights are drawn
// over the fan-out, as in the papers' code.
func (b *builder) conv(in Shape, out, size, stride, groups int) *nn.Conv2D {
	spec := tensor.ConvSpec{Stride: tensor.Both(stride), Pad: tensor.Both(size / 2), Groups: groups}
	c := b.conv2D(in.Channels, out, tensor.Both(size), spec)
	y := in.strided(stride, out)
	b.work += int64(y.Height) * int64(y.Width) * int64(c.Weight.Value.Len())
	if b.WithoutBatchNorm {
		c.WithBias()
		b.normal(c.Weight.Value, meanFanIn(in, size, stride)/groups)
	}
	return c
}

// meanFanIn is the number of inputs that an output of conv sees, the mean over all outputs: padding
// does not count. Without batch norm nothing else keeps the activations from shrinking where channels
// become more and images small; on a single pixel, a 3x3 filter has one tap and not nine.
func meanFanIn(in Shape, size, stride int) int {
	taps := func(n int) float64 {
		sum, outputs := 0, 0
		for at := 0; at < n; at += stride {
			sum += min(at+size/2, n-1) - max(at-size/2, 0) + 1
			outputs++
		}
		return float64(sum) / float64(outputs)
	}
	return int(math.Round(taps(in.Height) * taps(in.Width) * float64(in.Channels)))
}

// norm makes a batch norm, or none.
func (b *builder) norm(channels int) nn.Module {
	if b.WithoutBatchNorm {
		return nil
	}
	b.make(channels)
	return nn.NewBatchNorm2D(channels)
}

func (b *builder) linear(in, out int) *nn.Linear {
	b.work += int64(in) * int64(out)
	b.make(in, out)
	if b.rng == nil {
		return &nn.Linear{Weight: autograd.NewParam(tensor.New(out, in)), Bias: autograd.NewParam(tensor.New(out))}
	}
	return nn.NewLinear(in, out, b.rng)
}

// conv2D makes a convolution of in and out channels; [nn.NewConv2D].
func (b *builder) conv2D(in, out int, size tensor.HW, spec tensor.ConvSpec) *nn.Conv2D {
	sides := []int{size.H, size.W, in / max(spec.Groups, 1), out}
	b.make(sides...)
	if b.rng == nil {
		return &nn.Conv2D{Weight: autograd.NewParam(tensor.New(sides...)), Spec: spec}
	}
	return nn.NewConv2D(in, out, size, spec, b.rng)
}

// normal draws weights; [nn.KaimingNormal].
func (b *builder) normal(w *tensor.Tensor, fan int) {
	if b.rng != nil {
		nn.KaimingNormal(w, fan, b.rng)
	}
}
