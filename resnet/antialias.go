package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// AntiAlias says what halves images in the place of strides of 3x3 convolutions, which are then followed by it, and in
// the stem. Projections keep their strides.
type AntiAlias string

// The ways. The zero value means strides. Neither has weights, so that tensors do not tell of them.
const (
	// Blur filters with [1 2 1]/4 both ways on images that go on reflected at their edges, and takes every other pixel; the
	// stem's pooling does so after a maximum at every pixel. Zhang 2019, "Making Convolutional Networks Shift-Invariant
	// Again", section 3.2; timm's resnetblur.
	Blur AntiAlias = "blur"
	// Average takes the means of 2x2 pixels, in the stem without a maximum before: timm's resnetaa.
	Average AntiAlias = "average"
)

// halve appends what halves an image, if strides shall not.
func (b *builder) halve(body *sequence, in Shape) {
	switch b.AntiAlias {
	case Blur:
		b.work += 9 * int64((in.Height+1)/2) * int64((in.Width+1)/2) * int64(in.Channels)
		body.then(newBlurred(in.Channels))
	case Average:
		body.then(averaged(in))
	}
}

// averaged takes the means of 2x2 pixels, or of as many as there are at the edge of an odd image.
func averaged(in Shape) nn.Module {
	window := tensor.HW{H: min(2, in.Height), W: min(2, in.Width)}
	return nn.AvgPool2D{Size: window, Stride: tensor.Both(2), Ceil: true, ExcludePad: true}
}

// blurred is the module of Blur.
type blurred struct{ filter *tensor.Tensor } // [3, 3, 1, C]

func newBlurred(channels int) blurred {
	f := tensor.New(3, 3, 1, channels)
	for i := range f.Data() {
		at := i / channels
		f.Data()[i] = float32((1+at/3%2)*(1+at%3%2)) / 16
	}
	return blurred{f}
}

// Forward takes [N, H, W, C] to [N, H/2, W/2, C], rounding up.
func (b blurred) Forward(x *autograd.Var) *autograd.Var {
	x = reflected(reflected(x, 1), 2)
	return autograd.Conv2D(x, autograd.Const(b.filter), tensor.ConvSpec{Stride: tensor.Both(2), Groups: b.filter.Dim(3)})
}

// reflected adds an entry at both ends of an axis, which is the last but one there.
func reflected(x *autograd.Var, axis int) *autograd.Var {
	last := x.Shape()[axis] - 1
	first, end := min(1, last), max(last-1, 0)
	return autograd.Concat(axis, autograd.SliceAxis(x, axis, first, first+1), x, autograd.SliceAxis(x, axis, end, end+1))
}

// Parts returns nil.
func (blurred) Parts() []nn.Part { return nil }
