package onnx

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/half"
	"github.com/residuum-go/residuum/internal/littleendian"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// maxLength bounds lengths of axes and attributes, so that no product of a few of them overflows.
const maxLength = 1 << 30

// constant is a tensor of a file: of numbers that are computed with, or of integers, which are shapes, axes and
// indices.
type constant struct {
	shape  []int
	floats *tensor.Tensor
	ints   []int64 // if floats is nil
}

// bytesOf says how many bytes an element of a type takes in raw data.
var bytesOf = map[pb.TensorProto_DataType]int64{
	pb.TensorProto_FLOAT: 4, pb.TensorProto_DOUBLE: 8, pb.TensorProto_FLOAT16: 2, pb.TensorProto_BFLOAT16: 2,
	pb.TensorProto_INT64: 8, pb.TensorProto_INT32: 4, pb.TensorProto_INT16: 2, pb.TensorProto_INT8: 1,
	pb.TensorProto_UINT64: 8, pb.TensorProto_UINT32: 4, pb.TensorProto_UINT16: 2, pb.TensorProto_UINT8: 1,
	pb.TensorProto_BOOL: 1,
}

func isFloat(t pb.TensorProto_DataType) bool {
	switch t {
	case pb.TensorProto_FLOAT, pb.TensorProto_DOUBLE, pb.TensorProto_FLOAT16, pb.TensorProto_BFLOAT16:
		return true
	}
	return false
}

// constantOf decodes a tensor. Its size is proven against the bytes that there are before memory is given.
func constantOf(t *pb.TensorProto, beside *folder) (*constant, error) {
	kind := pb.TensorProto_DataType(t.GetDataType())
	width, ok := bytesOf[kind]
	if !ok {
		return nil, fmt.Errorf("tensor %q: elements of type %v", t.GetName(), kind)
	}
	n, rows, shape := int64(1), int64(1), make([]int, len(t.Dims)) // rows: without axes of length 0
	for i, d := range t.Dims {
		if d < 0 || d > maxLength || rows > maxLength/max(d, 1) {
			return nil, fmt.Errorf("tensor %q: shape %v", t.GetName(), t.Dims)
		}
		n, rows = n*d, rows*max(d, 1)
		shape[i] = int(d)
	}
	raw, bits, err := elements(t, kind, n, width, beside)
	if err != nil {
		return nil, fmt.Errorf("tensor %q of type %v and shape %v: %w", t.GetName(), kind, t.Dims, err)
	}
	c := &constant{shape: shape}
	if !isFloat(kind) {
		c.ints = make([]int64, n)
		for i := range c.ints {
			c.ints[i] = int64(bits(i))
		}
		return c, nil
	}
	values := make([]float32, n)
	c.floats = tensor.From(values, shape...)
	if raw != nil && kind == pb.TensorProto_FLOAT {
		littleendian.Float32s(values, raw)
		return c, nil
	}
	for i := range values {
		switch b := bits(i); kind {
		case pb.TensorProto_FLOAT:
			values[i] = math.Float32frombits(uint32(b))
		case pb.TensorProto_DOUBLE:
			values[i] = float32(math.Float64frombits(b))
		case pb.TensorProto_BFLOAT16:
			values[i] = math.Float32frombits(uint32(b) << 16)
		default:
			values[i] = half.Float32(uint16(b))
		}
	}
	return c, nil
}

// elements returns the bits of each of the n elements of a tensor, wherever they lie; those of integers as an int64 has
// them. If they lie in raw data, it returns these, too.
func elements(
	t *pb.TensorProto, kind pb.TensorProto_DataType, n, width int64, beside *folder,
) (raw []byte, bits func(i int) uint64, err error) {
	raw = t.RawData
	switch {
	case t.GetDataLocation() == pb.TensorProto_EXTERNAL:
		if raw, err = beside.external(t, n, width); err != nil {
			return nil, nil, err
		}
	case raw == nil:
		bits, err = typed(t, kind, n)
		return nil, bits, err
	}
	if int64(len(raw)) != n*width {
		return nil, nil, fmt.Errorf("%d bytes, want %d", len(raw), n*width)
	}
	return raw, func(i int) uint64 {
		switch kind {
		case pb.TensorProto_INT8:
			return uint64(int8(raw[i]))
		case pb.TensorProto_INT16:
			return uint64(int16(binary.LittleEndian.Uint16(raw[2*i:])))
		case pb.TensorProto_INT32:
			return uint64(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		}
		switch width {
		case 1:
			return uint64(raw[i])
		case 2:
			return uint64(binary.LittleEndian.Uint16(raw[2*i:]))
		case 4:
			return uint64(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return binary.LittleEndian.Uint64(raw[8*i:])
	}, nil
}

// typed is elements for a tensor that has them in the list for its type.
func typed(t *pb.TensorProto, kind pb.TensorProto_DataType, n int64) (func(i int) uint64, error) {
	// In Int32Data is all that is at most 32 bits wide.
	have, bits := len(t.Int32Data), func(i int) uint64 { return uint64(t.Int32Data[i]) }
	switch kind {
	case pb.TensorProto_FLOAT:
		have, bits = len(t.FloatData), func(i int) uint64 { return uint64(math.Float32bits(t.FloatData[i])) }
	case pb.TensorProto_DOUBLE:
		have, bits = len(t.DoubleData), func(i int) uint64 { return math.Float64bits(t.DoubleData[i]) }
	case pb.TensorProto_INT64:
		have, bits = len(t.Int64Data), func(i int) uint64 { return uint64(t.Int64Data[i]) }
	case pb.TensorProto_UINT32, pb.TensorProto_UINT64:
		have, bits = len(t.Uint64Data), func(i int) uint64 { return t.Uint64Data[i] }
	}
	if int64(have) != n {
		return nil, fmt.Errorf("%d elements, want %d", have, n)
	}
	return bits, nil
}
