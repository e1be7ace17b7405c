package onnx

import (
	"errors"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// operators are those that are known, in the meaning of every operator set from oldest to newest.
var operators = map[string]func(*call){
	// over windows of images
	"Conv": conv, "MaxPool": maxPool, "AveragePool": averagePool, "GlobalAveragePool": globalAveragePool,
	"GlobalMaxPool": globalMaxPool, "BatchNormalization": batchNorm, "LRN": localResponse, "Pad": pad,
	"Resize": resize, "Upsample": resize,

	// matrices and reductions
	"Gemm": gemm, "MatMul": matMul, "Softmax": softmax(autograd.Softmax), "LogSoftmax": softmax(autograd.LogSoftmax),
	"ReduceMean": reduction(autograd.MeanKeep), "ReduceSum": reduction(autograd.SumKeep),
	"ReduceMax": reduction(autograd.MaxKeep), "ReduceMin": reduction(minKeep),

	// elementwise
	"Add": pairwise(autograd.Add, func(a, b int64) int64 { return a + b }),
	"Sub": pairwise(autograd.Sub, func(a, b int64) int64 { return a - b }),
	"Mul": pairwise(autograd.Mul, func(a, b int64) int64 { return a * b }),
	"Div": pairwise(autograd.Div, quotient),
	"Max": variadic(autograd.Maximum, func(a, b int64) int64 { return max(a, b) }),
	"Min": variadic(minimum, func(a, b int64) int64 { return min(a, b) }),
	"Sum": variadic(autograd.Add, nil),
	"Pow": power, "Clip": clip, "PRelu": pRelu, "LeakyRelu": leakyRelu, "Elu": elu, "Selu": selu,
	"HardSigmoid": hardSigmoid, "HardSwish": unary(hardSwish), "Mish": unary(mish), "Swish": swish,
	"Softplus": unary(autograd.Softplus), "Reciprocal": unary(reciprocal), "Relu": unary(autograd.ReLU),
	"Sigmoid": unary(autograd.Sigmoid), "Tanh": unary(autograd.Tanh), "Exp": unary(autograd.Exp),
	"Log": unary(autograd.Log), "Sqrt": unary(autograd.Sqrt), "Neg": negative, "Abs": unary(autograd.Abs),

	// shapes
	"Identity": identity, "Dropout": dropout, "Flatten": flatten, "Reshape": reshape, "Squeeze": squeeze,
	"Unsqueeze": unsqueeze, "Transpose": transpose, "Concat": concat, "Split": splitUp, "Slice": slice, "Gather": gather,
	"Expand": expand, "Tile": tile, "Shape": shapeOf, "Size": sizeOf, "Cast": cast, "CastLike": castLike,
	"Constant": constantNode, "ConstantOfShape": constantOfShape, "Range": ranges,
}

// class says what values of a type are here.
type class int

const (
	ofNothing class = iota
	ofNumbers
	ofIntegers
)

func typeOf(t int64) class {
	kind := pb.TensorProto_DataType(t)
	switch _, ok := bytesOf[kind]; {
	case !ok:
		return ofNothing
	case isFloat(kind):
		return ofNumbers
	}
	return ofIntegers
}

// readConstant decodes what a Constant or a ConstantOfShape holds.
func (n *node) readConstant(beside *folder) (err error) {
	if a, ok := n.attributes["value"]; ok {
		if a.T == nil {
			return errors.New("no value")
		}
		if n.constant, err = constantOf(a.T, beside); err != nil {
			return err
		}
	} else {
		n.constant = n.listed()
	}
	switch {
	case n.constant == nil:
		return errors.New("a value of a kind that is not known")
	case n.op == "ConstantOfShape" && count(n.constant.shape) != 1:
		return errors.New("a value that is not a single number")
	}
	return nil
}

// listed returns the constant that an attribute gives without a tensor, for a ConstantOfShape zero.
func (n *node) listed() *constant {
	for name, a := range n.attributes {
		switch name {
		case "value_float":
			return &constant{shape: []int{}, floats: tensor.From([]float32{a.GetF()})}
		case "value_floats":
			return &constant{shape: []int{len(a.Floats)}, floats: tensor.From(a.Floats, len(a.Floats))}
		case "value_int":
			return &constant{shape: []int{}, ints: []int64{a.GetI()}}
		case "value_ints":
			return &constant{shape: []int{len(a.Ints)}, ints: append([]int64{}, a.Ints...)}
		}
	}
	if n.op == "ConstantOfShape" {
		return &constant{shape: []int{1}, floats: tensor.New(1)}
	}
	return nil
}
