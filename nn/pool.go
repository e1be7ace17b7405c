package nn

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// MaxPool2D takes the maximum over windows of Size pixels of an image [N, H, W, C].
type MaxPool2D tensor.PoolSpec

// Forward returns [N, H', W', C].
func (p MaxPool2D) Forward(x *autograd.Var) *autograd.Var {
	return autograd.MaxPool2D(x, tensor.PoolSpec(p))
}

// Parts returns nil.
func (MaxPool2D) Parts() []Part { return nil }

// AvgPool2D takes the mean over windows of Size pixels of an image [N, H, W, C].
type AvgPool2D tensor.PoolSpec

// Forward returns [N, H', W', C].
func (p AvgPool2D) Forward(x *autograd.Var) *autograd.Var {
	return autograd.AvgPool2D(x, tensor.PoolSpec(p))
}

// Parts returns nil.
func (AvgPool2D) Parts() []Part { return nil }

// GlobalAvgPool takes the mean over all pixels of an image: [N, H, W, C] becomes [N, C].
type GlobalAvgPool struct{}

// Forward returns [N, C].
func (GlobalAvgPool) Forward(x *autograd.Var) *autograd.Var { return autograd.GlobalAvgPool(x) }

// Parts returns nil.
func (GlobalAvgPool) Parts() []Part { return nil }

// AdaptiveAvgPool2D takes means over an image such that the result has the given size, whatever the image's:
// [N, H, W, C] becomes [N, size.H, size.W, C].
type AdaptiveAvgPool2D tensor.HW

// Forward returns [N, size.H, size.W, C].
func (size AdaptiveAvgPool2D) Forward(x *autograd.Var) *autograd.Var {
	return autograd.AdaptiveAvgPool2D(x, tensor.HW(size))
}

// Parts returns nil.
func (AdaptiveAvgPool2D) Parts() []Part { return nil }

// Flatten keeps the leading axis and joins the others: [N, H, W, C] becomes [N, H*W*C], pixels
// first. (PyTorch flattens [N, C, H, W] to channels first.)
type Flatten struct{}

// Forward returns [N, H*W*C].
func (Flatten) Forward(x *autograd.Var) *autograd.Var {
	shape := x.Shape()
	if len(shape) == 0 {
		panic("nn: Flatten: a single number has no leading axis")
	}
	rest := 1 // not -1 in Reshape, which an empty batch leaves open
	for _, n := range shape[1:] {
		rest *= n
	}
	return autograd.Reshape(x, shape[0], rest)
}

// Parts returns nil.
func (Flatten) Parts() []Part { return nil }
