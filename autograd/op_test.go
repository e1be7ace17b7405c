package autograd

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

// ops is the table of every op. To add an op, add a row: the checks in check_test.go then compare
// it with its float64 reference and its gradients with finite differences of that reference.
var ops = slices.Concat(norms(), resizes(), piecewise(), entmaxes(), []op{
	{name: "Add", shapes: binary, f: func(v []*Var) *Var { return Add(v[0], v[1]) },
		ref: func(a []array) array { return a[0].add(a[1]) }},
	{name: "AddReLU", shapes: binary, f: func(v []*Var) *Var { return AddReLU(v[0], v[1]) },
		ref: func(a []array) array { return a[0].add(a[1]).relu() }},
	{name: "Sub", shapes: binary, f: func(v []*Var) *Var { return Sub(v[0], v[1]) },
		ref: func(a []array) array { return a[0].sub(a[1]) }},
	{name: "Mul", shapes: binary, f: func(v []*Var) *Var { return Mul(v[0], v[1]) },
		ref: func(a []array) array { return a[0].mul(a[1]) }},
	{name: "Mul", with: "itself", shapes: unary, f: func(v []*Var) *Var { return Mul(v[0], v[0]) },
		ref: func(a []array) array { return a[0].mul(a[0]) }},
	{name: "Div", shapes: binary, domain: awayFromZero, f: func(v []*Var) *Var { return Div(v[0], v[1]) },
		ref: func(a []array) array { return a[0].zip(a[1], func(x, y float64) float64 { return x / y }) }},

	{name: "Neg", shapes: unary, f: func(v []*Var) *Var { return Neg(v[0]) },
		ref: func(a []array) array { return a[0].scale(-1) }},
	{name: "Scale", shapes: unary, f: func(v []*Var) *Var { return Scale(v[0], 1.5) },
		ref: func(a []array) array { return a[0].scale(1.5) }},
	{name: "AddScalar", shapes: unary, f: func(v []*Var) *Var { return AddScalar(v[0], -2) },
		ref: func(a []array) array { return a[0].each(func(x float64) float64 { return x - 2 }) }},
	{name: "Exp", shapes: unary, f: func(v []*Var) *Var { return Exp(v[0]) },
		ref: func(a []array) array { return a[0].exp() }},
	{name: "Log", shapes: unary, domain: positive, f: func(v []*Var) *Var { return Log(v[0]) },
		ref: func(a []array) array { return a[0].each(math.Log) }},
	{name: "Sqrt", shapes: unary, domain: positive, f: func(v []*Var) *Var { return Sqrt(v[0]) },
		ref: func(a []array) array { return a[0].each(math.Sqrt) }},
	{name: "Square", shapes: unary, f: func(v []*Var) *Var { return Square(v[0]) },
		ref: func(a []array) array { return a[0].mul(a[0]) }},
	{name: "Tanh", shapes: unary, f: func(v []*Var) *Var { return Tanh(v[0]) },
		ref: func(a []array) array { return a[0].each(math.Tanh) }},
	{name: "Sigmoid", shapes: unary, f: func(v []*Var) *Var { return Sigmoid(v[0]) },
		ref: func(a []array) array { return a[0].each(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }) }},
	{name: "Softplus", shapes: unary, f: func(v []*Var) *Var { return Softplus(v[0]) },
		ref: func(a []array) array { return a[0].each(func(x float64) float64 { return math.Log1p(math.Exp(x)) }) }},
	{name: "SiLU", shapes: unary, f: func(v []*Var) *Var { return SiLU(v[0]) },
		ref: func(a []array) array { return a[0].each(func(x float64) float64 { return x / (1 + math.Exp(-x)) }) }},
	{name: "slope", shapes: unary, f: func(v []*Var) *Var { return slope(v[0], 1.5) },
		ref: func(a []array) array {
			return a[0].each(func(x float64) float64 { c := math.Cosh(0.75 * x); return 2.25 / (4 * c * c) })
		}},
	{name: "ReLU", shapes: unary, domain: awayFromZero, f: func(v []*Var) *Var { return ReLU(v[0]) },
		ref: func(a []array) array { return a[0].relu() }},
	{name: "reluGrad", shapes: unary, f: func(v []*Var) *Var { return reluGrad(everyOther(v[0].Shape()), v[0]) },
		ref: func(a []array) array { return a[0].mul(fromTensor(everyOther(a[0].shape))) }},

	{name: "Sum", with: "all", shapes: unary, f: func(v []*Var) *Var { return Sum(v[0]) },
		ref: func(a []array) array { return a[0].sum().reshape() }},
	{name: "Sum", with: "axes 0 and 2", shapes: rank3, f: func(v []*Var) *Var { return Sum(v[0], 0, -1) },
		ref: func(a []array) array { return a[0].sum(0, 2).reshape(a[0].shape[1]) }},
	{name: "SumKeep", with: "axis 1", shapes: rank3, f: func(v []*Var) *Var { return SumKeep(v[0], 1) },
		ref: func(a []array) array { return a[0].sum(1) }},
	{name: "Mean", with: "all", shapes: unary, f: func(v []*Var) *Var { return Mean(v[0]) },
		ref: func(a []array) array { return a[0].mean().reshape() }},
	{name: "Mean", with: "axes 0 and 2", shapes: rank3, f: func(v []*Var) *Var { return Mean(v[0], 0, -1) },
		ref: func(a []array) array { return a[0].mean(0, 2).reshape(a[0].shape[1]) }},
	{name: "MeanKeep", with: "axis 1", shapes: rank3, f: func(v []*Var) *Var { return MeanKeep(v[0], 1) },
		ref: func(a []array) array { return a[0].mean(1) }},
	{name: "BroadcastTo", shapes: []string{"5", "1x5", "4x1", "1"},
		f:   func(v []*Var) *Var { return BroadcastTo(v[0], 3, 4, 5) },
		ref: func(a []array) array { return a[0].broadcastTo(3, 4, 5) }},
	{name: "SumTo", shapes: []string{"4x5", "3x4x5", "2x3x4x5"},
		f:   func(v []*Var) *Var { return SumTo(v[0], 4, 1) },
		ref: func(a []array) array { return a[0].sumTo(4, 1) }},

	{name: "Reshape", shapes: []string{"6x4", "3x2x4"}, f: func(v []*Var) *Var { return Reshape(v[0], 2, -1) },
		ref: func(a []array) array { return a[0].reshape(2, 12) }},
	{name: "Transpose", shapes: rank3, f: func(v []*Var) *Var { return Transpose(v[0], 2, 0, 1) },
		ref: func(a []array) array { return a[0].transpose(2, 0, 1) }},
	{name: "Transpose", with: "reversed", shapes: rank3, f: func(v []*Var) *Var { return Transpose(v[0]) },
		ref: func(a []array) array { return a[0].transpose(2, 1, 0) }},
	{name: "Concat", shapes: []string{"2x3x4,2x1x4,2x5x4", "1x2x3,1x2x3,1x2x3"},
		f: func(v []*Var) *Var { return Concat(-2, v[0], v[1], v[2], v[0]) },
		ref: func(a []array) array {
			n := a[0].shape[1] + a[1].shape[1]
			m := n + a[2].shape[1]
			k := m + a[0].shape[1]
			return a[0].slice(1, 0, k).add(a[1].slice(1, -a[0].shape[1], k-a[0].shape[1])).
				add(a[2].slice(1, -n, k-n)).add(a[0].slice(1, -m, k-m))
		}},
	{name: "SliceAxis", shapes: rank3, f: func(v []*Var) *Var { return SliceAxis(v[0], -2, 1, 2) },
		ref: func(a []array) array { return a[0].slice(1, 1, 2) }},
	{name: "PadAxis", shapes: rank3, f: func(v []*Var) *Var { return PadAxis(v[0], -1, 2, 1) },
		ref: func(a []array) array { return a[0].slice(2, -2, a[0].shape[2]+1) }},
	{name: "Gather", shapes: []string{"3", "4x5", "3x2x2"}, f: func(v []*Var) *Var { return Gather(v[0], someRows) },
		ref: func(a []array) array { return a[0].gather(someRows) }},
	{name: "scatterAdd", shapes: []string{"5", "5x3"}, f: func(v []*Var) *Var { return scatterAdd(v[0], someRows, 4) },
		ref: func(a []array) array { return a[0].scatterAdd(someRows, 4) }},
	{name: "SubsampleHW", shapes: images, f: func(v []*Var) *Var { return SubsampleHW(v[0], 2) },
		ref: func(a []array) array { return a[0].avgPool(oneInTwo) }},
	{name: "subsampleHWGrad", shapes: []string{"2x3x2x3"},
		f:   func(v []*Var) *Var { return subsampleHWGrad(v[0], []int{2, 5, 4, 3}, 2) },
		ref: adjoint([]int{2, 5, 4, 3}, func(x array) array { return x.avgPool(oneInTwo) })},

	{name: "MatMul", shapes: []string{"3x4,4x5", "1x7,7x1", "33x17,17x40"},
		f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.NN) },
		ref: func(a []array) array { return a[0].matMul(a[1]) }},
	{name: "MatMul", with: "aT", shapes: []string{"4x3,4x5"},
		f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.TN) },
		ref: func(a []array) array { return a[0].transpose(1, 0).matMul(a[1]) }},
	{name: "MatMul", with: "bT", shapes: []string{"3x4,5x4"},
		f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.NT) },
		ref: func(a []array) array { return a[0].matMul(a[1].transpose(1, 0)) }},
	{name: "MatMul", with: "aT bT", shapes: []string{"4x3,5x4"},
		f:   func(v []*Var) *Var { return MatMul(v[0], v[1], tensor.TT) },
		ref: func(a []array) array { return a[0].transpose(1, 0).matMul(a[1].transpose(1, 0)) }},

	convolution("3x3", tensor.ConvSpec{Pad: tensor.Both(1)}, "2x4x5x3,3x3x3x4", "1x7x6x16,3x3x16x32"),
	convolution("1x1 stride 2", tensor.ConvSpec{Stride: tensor.Both(2)}, "2x5x4x3,1x1x3x4"),
	convolution("3x3 stride 2", tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1)}, "2x5x6x3,3x3x3x2"),
	convolution("dilated", tensor.ConvSpec{Pad: tensor.Both(2), Dilation: tensor.Both(2)}, "1x6x5x2,3x3x2x3"),
	convolution("groups", tensor.ConvSpec{Pad: tensor.Both(1), Groups: 2}, "2x4x4x4,3x3x2x6"),
	convolution("depthwise", tensor.ConvSpec{Pad: tensor.Both(1), Groups: 4}, "1x5x4x4,3x3x1x4"),
	convolution("rectangle", tensor.ConvSpec{
		Stride: tensor.HW{H: 1, W: 2}, Pad: tensor.HW{H: 2, W: 0}, Dilation: tensor.HW{H: 2, W: 1},
	}, "2x5x6x3,3x2x3x2"),
	convolution("asymmetric", tensor.ConvSpec{
		Stride: tensor.Both(2), Pad: tensor.HW{W: 1}, MoreAtEnd: tensor.HW{H: 1, W: -1},
	}, "2x6x5x3,3x3x3x2"),
	convolution("row", tensor.ConvSpec{Pad: tensor.HW{W: 2}}, "2x4x6x3,1x5x3x2"),
	{name: "conv2DInputGrad", shapes: []string{"2x3x3x2,3x3x3x2"},
		f: func(v []*Var) *Var { return conv2DInputGrad(v[0], v[1], []int{2, 5, 6, 3}, strided) },
		ref: func(a []array) array {
			return adjoint([]int{2, 5, 6, 3}, func(x array) array { return x.conv(a[1], strided) })(a)
		}},
	{name: "conv2DWeightGrad", shapes: []string{"2x5x6x3,2x3x3x2"},
		f: func(v []*Var) *Var { return conv2DWeightGrad(v[0], v[1], []int{3, 3, 3, 2}, strided) },
		ref: func(a []array) array {
			return adjoint([]int{3, 3, 3, 2}, func(w array) array { return a[0].conv(w, strided) })(a[1:])
		}},

	{name: "MaxPool2D", shapes: images, domain: apart,
		f:   func(v []*Var) *Var { return MaxPool2D(v[0], overlapping) },
		ref: func(a []array) array { return a[0].maxPool(overlapping) }},
	{name: "MaxPool2D", with: "tiles", shapes: images, domain: apart,
		f:   func(v []*Var) *Var { return MaxPool2D(v[0], tiles) },
		ref: func(a []array) array { return a[0].maxPool(tiles) }},
	{name: "MaxPool2D", with: "rectangles", shapes: images, domain: apart,
		f:   func(v []*Var) *Var { return MaxPool2D(v[0], rectangles) },
		ref: func(a []array) array { return a[0].maxPool(rectangles) }},
	{name: "MaxPool2D", with: "dilated", shapes: images, domain: apart,
		f:   func(v []*Var) *Var { return MaxPool2D(v[0], dilated) },
		ref: func(a []array) array { return a[0].maxPool(dilated) }},
	{name: "MaxPool2D", with: "ceil", shapes: images, domain: apart,
		f:   func(v []*Var) *Var { return MaxPool2D(v[0], ceil) },
		ref: func(a []array) array { return a[0].maxPool(ceil) }},
	{name: "maxPool2DGrad", shapes: []string{"1x2x3x3"},
		f:   func(v []*Var) *Var { return maxPool2DGrad(v[0], chosen, []int{1, 4, 5, 3}) },
		ref: adjoint([]int{1, 4, 5, 3}, pick)},
	{name: "maxPool2DGather", shapes: []string{"1x4x5x3"},
		f:   func(v []*Var) *Var { return maxPool2DGather(v[0], chosen, []int{1, 2, 3, 3}) },
		ref: func(a []array) array { return pick(a[0]) }},
	{name: "AvgPool2D", shapes: images,
		f:   func(v []*Var) *Var { return AvgPool2D(v[0], overlapping) },
		ref: func(a []array) array { return a[0].avgPool(overlapping) }},
	{name: "AvgPool2D", with: "rectangles", shapes: images,
		f:   func(v []*Var) *Var { return AvgPool2D(v[0], rectangles) },
		ref: func(a []array) array { return a[0].avgPool(rectangles) }},
	{name: "AvgPool2D", with: "pixels alone", shapes: images,
		f:   func(v []*Var) *Var { return AvgPool2D(v[0], pixels) },
		ref: func(a []array) array { return a[0].avgPool(pixels) }},
	{name: "avgPool2DGrad", shapes: []string{"2x3x2x3"},
		f:   func(v []*Var) *Var { return avgPool2DGrad(v[0], []int{2, 5, 4, 3}, overlapping) },
		ref: adjoint([]int{2, 5, 4, 3}, func(x array) array { return x.avgPool(overlapping) })},
	{name: "GlobalAvgPool", shapes: images, f: func(v []*Var) *Var { return GlobalAvgPool(v[0]) },
		ref: func(a []array) array { return a[0].mean(1, 2).reshape(a[0].shape[0], a[0].shape[3]) }},
	{name: "globalAvgPoolGrad", shapes: []string{"2x3", "1x4"},
		f: func(v []*Var) *Var { return globalAvgPoolGrad(v[0], []int{v[0].value.Dim(0), 3, 2, v[0].value.Dim(1)}) },
		ref: func(a []array) array {
			shape := []int{a[0].shape[0], 3, 2, a[0].shape[1]}
			return adjoint(shape, func(x array) array { return x.mean(1, 2).reshape(a[0].shape...) })(a)
		}},

	{name: "standardise", shapes: normShapes,
		f: func(v []*Var) *Var { return standardise(v[0], v[1], v[2], momentsOf(v[0])) },
		ref: func(a []array) array {
			xhat, _ := a[0].standardise(normEps)
			return xhat.mul(a[1]).add(a[2])
		}},
	{name: "normSums", shapes: []string{"7x3,7x3", "2x3x2x4,2x3x2x4"},
		f: func(v []*Var) *Var { return normSums(v[0], v[1], momentsOf(v[0])) },
		ref: func(a []array) array {
			xhat, _ := a[0].standardise(normEps)
			s, t := a[1].rows().sum(0), a[1].mul(xhat).rows().sum(0)
			return array{[]int{2, len(s.data)}, append(s.data, t.data...)}
		}},
	{name: "normSums", with: "ReLU", shapes: []string{"7x3,7x3", "2x3x2x4,2x3x2x4"},
		f: func(v []*Var) *Var { return normSums(v[0], v[1], momentsWithReLU(v[0])) },
		ref: func(a []array) array {
			xhat, _ := a[0].standardise(normEps)
			g := a[1].mul(passing(a[0]))
			s, t := g.rows().sum(0), g.mul(xhat).rows().sum(0)
			return array{[]int{2, len(s.data)}, append(s.data, t.data...)}
		}},
	{name: "normGrad", with: "ReLU", shapes: []string{"7x3,3,7x3", "2x3x2x4,4,2x3x2x4"},
		f: func(v []*Var) *Var {
			m := momentsWithReLU(v[0])
			return normGrad(v[0], v[1], v[2], normSums(v[0], v[2], m).value, m)
		},
		ref: func(a []array) array {
			xhat, r := a[0].standardise(normEps)
			xh, g := xhat.rows(), a[2].mul(passing(a[0])).rows()
			d := g.sub(g.mean(0)).sub(xh.mul(g.mul(xh).mean(0)))
			return d.mul(r).mul(a[1]).reshape(a[0].shape...)
		}},
	{name: "normGrad", shapes: []string{"7x3,3,7x3", "2x3x2x4,4,2x3x2x4"},
		f: func(v []*Var) *Var {
			m := momentsOf(v[0])
			return normGrad(v[0], v[1], v[2], normSums(v[0], v[2], m).value, m)
		},
		ref: func(a []array) array {
			xhat, r := a[0].standardise(normEps)
			xh, g := xhat.rows(), a[2].rows()
			d := g.sub(g.mean(0)).sub(xh.mul(g.mul(xh).mean(0)))
			return d.mul(r).mul(a[1]).reshape(a[0].shape...)
		}},
	{name: "invStd", shapes: []string{"7x3", "2x3x2x4"},
		f:   func(v []*Var) *Var { return invStd(v[0], momentsOf(v[0])) },
		ref: func(a []array) array { _, r := a[0].standardise(normEps); return r }},

	{name: "Softmax", shapes: unary, f: func(v []*Var) *Var { return Softmax(v[0], -1) },
		ref: func(a []array) array { return a[0].logSoftmax().exp() }},
	{name: "LogSoftmax", shapes: unary, f: func(v []*Var) *Var { return LogSoftmax(v[0], -1) },
		ref: func(a []array) array { return a[0].logSoftmax() }},
	{name: "Softmax", with: "axis 1", shapes: []string{"2x3x4", "2x3x1"}, f: func(v []*Var) *Var { return Softmax(v[0], 1) },
		ref: func(a []array) array { return a[0].transpose(0, 2, 1).logSoftmax().exp().transpose(0, 2, 1) }},
	{name: "LogSoftmax", with: "axis 0", shapes: rank3, f: func(v []*Var) *Var { return LogSoftmax(v[0], -3) },
		ref: func(a []array) array { return a[0].transpose(2, 1, 0).logSoftmax().transpose(2, 1, 0) }},
	{name: "logSoftmaxVJP", shapes: []string{"3,3", "2x3,2x3", "5x17,5x17"},
		f: func(v []*Var) *Var { return logSoftmaxVJP(v[0], v[1]) },
		ref: func(a []array) array {
			return a[1].sub(a[0].logSoftmax().exp().mul(a[1].sum(len(a[1].shape) - 1)))
		}},
	{name: "logSoftmaxJVP", shapes: []string{"3,3", "2x3,2x3", "5x17,5x17"},
		f: func(v []*Var) *Var { return logSoftmaxJVP(v[0], v[1]) },
		ref: func(a []array) array {
			return a[1].sub(a[0].logSoftmax().exp().mul(a[1]).sum(len(a[1].shape) - 1))
		}},
	{name: "SoftCrossEntropy", shapes: logits,
		f: func(v []*Var) *Var { return SoftCrossEntropy(v[0], distributions(v[0].Shape())) },
		ref: func(a []array) array {
			return a[0].logSoftmax().mul(fromTensor(distributions(a[0].shape))).sum(1).reshape(a[0].shape[0]).scale(-1)
		}},
	{name: "CrossEntropy", shapes: logits, f: func(v []*Var) *Var { return CrossEntropy(v[0], labelsFor(v[0].Shape()), 0) },
		ref: func(a []array) array { return a[0].logSoftmax().mul(targetFor(a[0].shape, 0)).sum().reshape() }},
	{name: "CrossEntropy", with: "smoothing", shapes: logits,
		f:   func(v []*Var) *Var { return CrossEntropy(v[0], labelsFor(v[0].Shape()), 0.25) },
		ref: func(a []array) array { return a[0].logSoftmax().mul(targetFor(a[0].shape, 0.25)).sum().reshape() }},
	{name: "crossEntropyGrad", shapes: logits,
		f: func(v []*Var) *Var { return crossEntropyGrad(v[0], targets{labelsFor(v[0].Shape()), 0.25}) },
		ref: func(a []array) array {
			return a[0].logSoftmax().exp().scale(1 / float64(a[0].shape[0])).add(targetFor(a[0].shape, 0.25))
		}},
	{name: "MSE", shapes: []string{"3x4,3x4", "7,7"}, f: func(v []*Var) *Var { return MSE(v[0], v[1]) },
		ref: func(a []array) array { d := a[0].sub(a[1]); return d.mul(d).mean().reshape() }},
})

// op is a row of the table.
type op struct {
	name   string                      // the function that it tests
	with   string                      // tells rows of one function apart
	shapes []string                    // cases: the shapes of the inputs, as "3x4,4"
	domain func(*rand.Rand, []float32) // how inputs are drawn; normally distributed if nil
	f      func(in []*Var) *Var        // the op
	ref    func(in []array) array      // what it should compute
}

var (
	unary      = []string{"3", "2x3", "2x3x4", "5x17"}
	binary     = []string{"2x3,2x3", "2x3,3", "3,2x3", "2x1,1x3", "1,2x3", "2x3x4,1x3x1", "5x17,17", "5x17,5x1"}
	rank3      = []string{"2x3x4", "1x2x5"}
	images     = []string{"2x5x4x3", "1x6x6x17"}
	normShapes = []string{"7x3,3,3", "2x3x2x4,4,4", "3x2x2x17,17,17"}
	logits     = []string{"1x3", "4x10", "6x2"}

	someRows    = []int{1, 0, 2, 1, 1}
	strided     = tensor.ConvSpec{Stride: tensor.Both(2), Pad: tensor.Both(1)}
	overlapping = tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}
	rectangles  = tensor.PoolSpec{Size: tensor.HW{H: 2, W: 3}, Stride: tensor.HW{H: 1, W: 2}, Pad: tensor.HW{W: 1}}
	dilated     = tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.Both(1), Dilation: tensor.HW{H: 3, W: 2}}
	ceil        = tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.Both(2), MoreAtEnd: tensor.HW{W: 1}, Ceil: true}
	pixels      = tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), Ceil: true, ExcludePad: true}
	tiles       = tensor.PoolSpec{Size: tensor.Both(2)}
	oneInTwo    = tensor.PoolSpec{Size: tensor.Both(1), Stride: tensor.Both(2)}
	chosen      = someChoice()
)

const normEps = 0.125 // large and exact, so that its part in the gradients shows

func convolution(with string, spec tensor.ConvSpec, shapes ...string) op {
	return op{name: "Conv2D", with: with, shapes: shapes,
		f:   func(v []*Var) *Var { return Conv2D(v[0], v[1], spec) },
		ref: func(a []array) array { return a[0].conv(a[1], spec) }}
}

// adjoint returns the transpose of a linear map f of arrays of the given shape.
func adjoint(shape []int, f func(array) array) func([]array) array {
	return func(a []array) array {
		x, d := zeros(shape...), zeros(shape...)
		for i := range d.data {
			x.data[i] = 1
			d.data[i] = f(x).dot(a[0])
			x.data[i] = 0
		}
		return d
	}
}

// someChoice is what MaxPool2D chooses from an image [4,5,3]; some elements are chosen twice.
func someChoice() choice {
	x := tensor.New(1, 4, 5, 3)
	for i := range x.Data() {
		x.Data()[i] = float32(7 * i % 11)
	}
	_, idx := tensor.MaxPool2D(nil, nil, x, overlapping)
	return choice{idx, overlapping}
}

func pick(x array) array {
	y := zeros(1, 2, 3, 3)
	for i, j := range chosen.idx {
		y.data[i] = x.data[j]
	}
	return y
}

func everyOther(shape []int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(i % 2)
	}
	return t
}

func momentsOf(x *Var) tensor.Moments {
	return tensor.BatchNormStats(tensor.Moments{}, x.value, normEps)
}

// momentsWithReLU has a ReLU behind whose input is 0.5 - x.
func momentsWithReLU(x *Var) tensor.Moments {
	m := momentsOf(x)
	m.Mean, m.MeanLow = tensor.New(channels(x)), m.Mean
	m.Scale, m.Shift = tensor.Full(-1, channels(x)), tensor.Full(0.5, channels(x))
	return m
}

// passing is 1 where that ReLU passes, else 0.
func passing(x array) array {
	return x.each(func(v float64) float64 {
		if v < 0.5 {
			return 1
		}
		return 0
	})
}

// parseShapes reads "3x4,4" as [3 4] and [4].
func parseShapes(s string) (shapes [][]int) {
	for one := range strings.SplitSeq(s, ",") {
		var shape []int
		for d := range strings.SplitSeq(one, "x") {
			n, err := strconv.Atoi(d)
			if err != nil {
				panic(err)
			}
			shape = append(shape, n)
		}
		shapes = append(shapes, shape)
	}
	return shapes
}

// TestEveryOpHasARow finds the exported functions from variables to a variable, and wants a row of
// the table for each, or a test of its own.
func TestEveryOpHasARow(t *testing.T) {
	tested := map[string]bool{}
	for _, o := range ops {
		tested[o.name] = true
	}
	var found []string
	for _, f := range functions(t) {
		name := f.Name.Name
		if op, ok := strings.CutPrefix(name, "Test"); ok {
			tested[op] = true
		}
		if ast.IsExported(name) && mentionsVar(f.Type.Params) && mentionsVar(f.Type.Results) {
			found = append(found, name)
		}
	}
	require.Greater(t, len(found), 30)
	for _, name := range found {
		require.True(t, tested[name], "%s: no row in the table of ops", name)
	}
}

// functions returns the functions declared in this folder, without methods.
func functions(t *testing.T) (fs []*ast.FuncDecl) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				fs = append(fs, f)
			}
		}
	}
	return fs
}

// mentionsVar reports whether a parameter or result is a *Var, ...*Var or Norm.
func mentionsVar(l *ast.FieldList) bool {
	if l == nil {
		return false
	}
	for _, f := range l.List {
		e := f.Type
		if v, ok := e.(*ast.Ellipsis); ok {
			e = v.Elt
		}
		if p, ok := e.(*ast.StarExpr); ok {
			e = p.X
		}
		if name, ok := e.(*ast.Ident); ok && (name.Name == "Var" || name.Name == "Norm") {
			return true
		}
	}
	return false
}
