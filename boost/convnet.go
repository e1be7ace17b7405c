package boost

import (
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Conv makes small convolutional networks on images [H, W, C]: two 3x3 convolutions of
// stride 2 with ReLU, a hidden layer with ReLU, and a linear output. Their features are the hidden
// layer. The features of an earlier stage enter before the hidden layer.
type Conv struct {
	Channels int // of the first convolution; the second has twice as many
	Hidden   int // width of the hidden layer
	Training Training
}

// New implements Learner.
func (c Conv) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	t, err := c.Training.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := demand.All("boost.Conv",
		demand.That(c.Channels >= 1, "Channels", c.Channels, "want at least 1"),
		demand.That(c.Hidden >= 1, "Hidden", c.Hidden, "want at least 1 unit"),
	); err != nil {
		return nil, err
	}
	if err := demand.All("boost.Input", demand.That(len(in.Row) == 3, "Row", in.Row, "Conv wants rows [H, W, C]")); err != nil {
		return nil, err
	}
	return newNet(newConvBody(in, c, rng), c.Hidden, outputs, t, rng), nil
}

// convBody computes the features of a Conv.
type convBody struct {
	in           Input
	conv1, conv2 *nn.Conv2D
	hidden       hidden
}

func newConvBody(in Input, c Conv, rng *rand.Rand) *convBody {
	half := func(size int) int { return (size + 1) / 2 }
	spec := tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1)}
	flat := half(half(in.Row[0])) * half(half(in.Row[1])) * 2 * c.Channels
	return &convBody{
		in:     in,
		conv1:  nn.NewConv2D(in.Row[2], c.Channels, tensor.Both(3), spec, rng).WithBias(),
		conv2:  nn.NewConv2D(c.Channels, 2*c.Channels, tensor.Both(3), spec, rng).WithBias(),
		hidden: newHidden(flat+in.Features, c.Hidden, rng),
	}
}

// Forward implements nn.Module.
func (b *convBody) Forward(x *autograd.Var) *autograd.Var {
	n := x.Shape()[0]
	image, features := x, (*autograd.Var)(nil)
	if b.in.Features > 0 {
		pixels := b.in.Width() - b.in.Features
		image = autograd.SliceAxis(x, 1, 0, pixels)
		features = autograd.SliceAxis(x, 1, pixels, b.in.Width())
	}
	image = autograd.Reshape(image, append([]int{n}, b.in.Row...)...)
	y := autograd.ReLU(b.conv1.Forward(image))
	y = nn.Flatten{}.Forward(autograd.ReLU(b.conv2.Forward(y)))
	if features != nil {
		y = autograd.Concat(1, y, features)
	}
	return b.hidden.Forward(y)
}

// Parts implements nn.Module.
func (b *convBody) Parts() []nn.Part {
	return []nn.Part{{Name: "conv1", Module: b.conv1}, {Name: "conv2", Module: b.conv2}, {Name: "hidden", Module: b.hidden}}
}
