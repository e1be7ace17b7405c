package resnet

import (
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Attention says by what the branch of an original block weighs its channels before it is added to the skip.
type Attention string

// The attentions. The zero value means none.
const (
	SE  Attention = "se"  // squeeze and excitation, a small net over all channels: Hu et al. 2018, section 3
	ECA Attention = "eca" // a convolution over neighbouring channels: Wang et al. 2020, section 3.2
)

// attention appends a block's attention, if there is one, to its branch.
func (b *builder) attention(body *sequence, channels int) {
	switch b.Attention {
	case SE:
		body.add("se", b.squeeze(channels))
	case ECA:
		size := ecaSize(channels)
		b.make(size)
		b.work += int64(size) * int64(channels)
		weight := tensor.New(1, 1, size)
		b.normal(weight, size)
		body.add("se", neighbours{autograd.NewParam(weight)})
	}
}

// squeezed is a module x * sigmoid(expand(relu(reduce(mean of x over all pixels)))).
type squeezed struct{ reduce, expand *nn.Conv2D }

// squeezedTo is how many channels a squeezed has inside: so many times fewer, rounded to a multiple of eight, as in timm.
func squeezedTo(channels, times int) int { return max(8, (channels/times+4)/8*8) }

func (b *builder) squeeze(channels int) squeezed {
	inner := squeezedTo(channels, b.Squeeze)
	layer := func(in, out int) *nn.Conv2D {
		b.work += int64(in) * int64(out)
		return b.conv2D(in, out, tensor.Both(1), tensor.ConvSpec{}).WithBias()
	}
	return squeezed{layer(channels, inner), layer(inner, channels)}
}

// Forward takes and returns [N, H, W, C].
func (s squeezed) Forward(x *autograd.Var) *autograd.Var {
	inner := autograd.ReLU(s.reduce.Forward(autograd.MeanKeep(x, 1, 2)))
	return autograd.Mul(x, autograd.Sigmoid(s.expand.Forward(inner)))
}

// Parts returns the two layers.
func (s squeezed) Parts() []nn.Part {
	return []nn.Part{{Name: "fc1", Module: s.reduce}, {Name: "fc2", Module: s.expand}}
}

// ecaSize is the odd number of neighbours for so many channels: Wang et al. 2020, equation 12 with gamma 2 and b 1.
func ecaSize(channels int) int {
	size := int(math.Abs(math.Log2(float64(channels))+1) / 2)
	return max(size|1, 3)
}

// neighbours is a module x * sigmoid(convolution over the channels of the mean of x over all pixels).
type neighbours struct {
	weight *autograd.Param // [1, 1, size], as PyTorch has a Conv1d's
}

// Forward takes and returns [N, H, W, C].
func (e neighbours) Forward(x *autograd.Var) *autograd.Var {
	n, channels, size := x.Shape()[0], x.Shape()[3], e.weight.Value.Dim(2)
	row := autograd.Reshape(autograd.MeanKeep(x, 1, 2), n, 1, channels, 1)
	filter := autograd.Reshape(e.weight.On(x), 1, size, 1, 1)
	scale := autograd.Conv2D(row, filter, tensor.ConvSpec{Pad: tensor.HW{W: size / 2}})
	return autograd.Mul(x, autograd.Reshape(autograd.Sigmoid(scale), n, 1, 1, channels))
}

// Parts returns the weight.
func (e neighbours) Parts() []nn.Part { return []nn.Part{{Name: "conv.weight", Param: e.weight}} }
