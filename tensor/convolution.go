package tensor

import "github.com/residuum-go/residuum/internal/kernel/conv"

// Convolution is [Conv2D] of images of one size by weights that do not change: how it is computed is decided once, and
// the weights are packed or transformed once. It is immutable and safe for any number of goroutines.
type Convolution struct {
	shape    []int // of images, without the batch
	w        []int
	spec     ConvSpec
	prepared *conv.Prepared
}

// NewConvolution returns the convolution of images [H,W,C] by w [R,S,C/G,K], of which it keeps a copy.
func NewConvolution(image []int, w *Tensor, spec ConvSpec) *Convolution {
	const op = "NewConvolution"
	x := append([]int{1}, image...)
	s := convShape(op, x, w.shape, spec)
	return &Convolution{shape: x[1:], w: w.Clone().shape, spec: spec, prepared: conv.Prepare(s, w.data)}
}

// Epilogue is what follows a [Convolution] while the numbers are in a cache: y = ReLU(y + Bias + Add), each part if it
// is there. Bias is [K], Add has the shape of y.
type Epilogue struct {
	Bias, Add *Tensor
	ReLU      bool
}

// Apply computes [Conv2D] of x [N,H,W,C], and what follows it. Each image has the same bits in every batch.
func (c *Convolution) Apply(dst, x *Tensor, then Epilogue) *Tensor {
	const op = "Convolution.Apply"
	s := convShape(op, x.shape, c.w, c.spec)
	mustBe(op, "x", x, append([]int{x.shape[0]}, c.shape...)...)
	shape := new(Shapes).ofConv(s)
	dst = out(op, dst, shape)
	apart(op, dst, x)
	e := conv.Epilogue{ReLU: then.ReLU}
	if then.Bias != nil {
		mustBe(op, "bias", then.Bias, s.K)
		e.Bias = then.Bias.data
	}
	if then.Add != nil {
		mustBe(op, "what is added", then.Add, shape...)
		apart(op, dst, then.Add)
		e.Add = then.Add.data
	}
	c.prepared.Run(dst.data, x.data, s.N, e)
	return dst
}
