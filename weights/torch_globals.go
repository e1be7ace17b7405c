package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/half"
	"github.com/residuum-go/residuum/internal/pickle"
)

// newDecoder returns a decoder of what torch.save writes.
func newDecoder(r io.Reader, size int64, resolve func(id any) (any, error)) *pickle.Decoder {
	d := pickle.NewDecoder(r, size)
	d.Global, d.Persistent = global, resolve
	return d
}

// global is the table of all that a file may name. Nothing else is made or called.
func global(module, name string) (any, error) {
	if v, ok := globals[module+"."+name]; ok {
		return v, nil
	}
	if module == "torch" || module == "torch.storage" {
		if dtype, ok := storageTypes[name]; ok {
			return storageType(dtype), nil
		}
		if dtype, ok := dtypeNames[name]; ok {
			return dtypeName(dtype), nil
		}
	}
	return nil, fmt.Errorf("it asks for %.100s.%.100s, which is not among the few names that a file of weights needs: "+
		"in Python, save model.state_dict() alone", module, name)
}

// storageTypes are the classes of storages and what formats calls their elements; UntypedStorage counts bytes.
var storageTypes = map[string]string{
	"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
	"LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
	"ComplexFloatStorage": "C64", "ComplexDoubleStorage": "C128",
	"QInt8Storage": "QI8", "QUInt8Storage": "QU8", "QInt32Storage": "QI32",
	"UntypedStorage": "",
}

// dtypeNames are the element types by the names that torch gives them.
var dtypeNames = map[string]string{
	"float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64", "int32": "I32", "int16": "I16",
	"int8": "I8", "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
	"complex64": "C64", "complex128": "C128", "complex32": "C32",
	"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ", "float8_e8m0fnu": "F8_E8M0",
}

// tensorClass stands for a class of tensors, which all are the same here.
type tensorClass struct{}

// globals are the names that a file may use, with what they stand for.
var globals = map[string]any{
	"collections.OrderedDict": pickle.Func(orderedDict),
	"torch.Size":              pickle.Func(only),
	"builtins.set":            pickle.Func(only), "__builtin__.set": pickle.Func(only),
	"_codecs.encode": pickle.Func(encode),

	"torch._utils._rebuild_tensor":               pickle.Func(rebuildTensor),
	"torch._utils._rebuild_tensor_v2":            pickle.Func(rebuildTensor),
	"torch._utils._rebuild_tensor_v3":            pickle.Func(rebuildTensorV3),
	"torch._utils._rebuild_parameter":            pickle.Func(firstOf),
	"torch._utils._rebuild_parameter_with_state": pickle.Func(firstOf),
	"torch._tensor._rebuild_from_type_v2":        pickle.Func(rebuildFromType),
	"torch.Tensor":                               tensorClass{},
	"torch.nn.parameter.Parameter":               tensorClass{},
	"torch.nn.parameter.Buffer":                  tensorClass{},

	"numpy.dtype":                     pickle.Func(numpyType),
	"numpy.core.multiarray.scalar":    pickle.Func(numpyScalar),
	"numpy._core.multiarray.scalar":   pickle.Func(numpyScalar),
	"torch.serialization._get_layout": pickle.Func(only),
	"torch.device":                    pickle.Func(only),
}

// only returns the one argument, as torch.Size(...) is its tuple here; nil if there is none.
func only(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, nil
	}
	return args[0], nil
}

// firstOf returns the first argument, which a parameter is beside its flags.
func firstOf(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("a parameter of nothing")
	}
	return args[0], nil
}

// orderedDict makes a dictionary of a list of pairs, or an empty one.
func orderedDict(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return new(pickle.Dict), nil
	}
	list, ok := args[0].(*pickle.List)
	if !ok {
		return nil, fmt.Errorf("an OrderedDict of a %T", args[0])
	}
	d := new(pickle.Dict)
	for _, item := range list.Items {
		var key, value any
		switch pair := item.(type) {
		case pickle.Tuple:
			if len(pair) == 2 {
				key, value = pair[0], pair[1]
			}
		case *pickle.List:
			if len(pair.Items) == 2 {
				key, value = pair.Items[0], pair.Items[1]
			}
		}
		if key == nil {
			return nil, errors.New("an OrderedDict of something else than pairs")
		}
		d.Set(key, value)
	}
	return d, nil
}

// encode is how protocol 2 writes bytes: text of the characters up to 255, and "latin1".
func encode(args pickle.Tuple) (any, error) {
	if len(args) != 2 || args[1] != "latin1" {
		return nil, errors.New("bytes in an encoding other than latin1")
	}
	text, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("bytes of a %T", args[0])
	}
	b := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 255 {
			return nil, fmt.Errorf("bytes with the character %q", r)
		}
		b = append(b, byte(r))
	}
	return b, nil
}

// rebuildTensor takes storage, offset, shape and strides; what follows, gradients and hooks, does not matter.
func rebuildTensor(args pickle.Tuple) (any, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("a tensor of %d arguments", len(args))
	}
	view, ok1 := args[0].(storageView)
	offset, ok2 := args[1].(int64)
	shape, ok3 := integers(args[2])
	stride, ok4 := integers(args[3])
	if !ok1 || !ok2 || !ok3 || !ok4 || len(shape) != len(stride) {
		return nil, fmt.Errorf("a tensor of a %T, a %T, a %T and a %T", args[0], args[1], args[2], args[3])
	}
	if len(shape) > maxAxes {
		return nil, fmt.Errorf("a tensor of %d axes, at most %d allowed", len(shape), maxAxes)
	}
	t := &torchTensor{storage: view.of, dtype: view.of.dtype, offset: view.offset + offset, shape: make([]int, len(shape)), stride: stride}
	for i, n := range shape {
		if n < 0 || n > math.MaxInt || offset < 0 || t.offset < 0 {
			return nil, fmt.Errorf("a tensor of shape %v from element %d on", shape, offset)
		}
		t.shape[i] = int(n)
	}
	if _, err := elements(t.shape); err != nil {
		return nil, err
	}
	return t, nil
}

// rebuildTensorV3 is rebuildTensor with an element type as the seventh argument, for storages without one.
func rebuildTensorV3(args pickle.Tuple) (any, error) {
	v, err := rebuildTensor(args)
	if err != nil {
		return nil, err
	}
	if len(args) < 7 {
		return nil, fmt.Errorf("a tensor of %d arguments, want 7", len(args))
	}
	dtype, ok := args[6].(dtypeName)
	if !ok {
		return nil, fmt.Errorf("an element type that is a %T", args[6])
	}
	t := v.(*torchTensor)
	if t.storage.dtype != "" && t.storage.dtype != string(dtype) {
		return nil, fmt.Errorf("a tensor of %s in a storage of %s", dtype, t.storage.dtype)
	}
	t.dtype = string(dtype)
	return t, nil
}

// rebuildFromType takes a function, a class, arguments and attributes, of a tensor that has attributes.
func rebuildFromType(args pickle.Tuple) (any, error) {
	if len(args) < 3 {
		return nil, fmt.Errorf("a tensor with attributes of %d arguments", len(args))
	}
	f, ok1 := args[0].(pickle.Func)
	inner, ok2 := args[2].(pickle.Tuple)
	if ok2 && len(inner) > 0 {
		if _, again := inner[0].(pickle.Func); again { // and so on, as deep as the file likes
			return nil, errors.New("a tensor with attributes of a tensor with attributes")
		}
	}
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("a tensor with attributes of a %T and a %T", args[0], args[2])
	}
	return f(inner)
}

// integers returns the integers of a tuple, which torch.Size is, too.
func integers(v any) ([]int64, bool) {
	t, ok := v.(pickle.Tuple)
	if !ok {
		return nil, false
	}
	out := make([]int64, len(t))
	for i, item := range t {
		if out[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return out, true
}

// numpyDtype is an element type of NumPy: "f8" is eight bytes of floating point.
type numpyDtype struct {
	name string
	big  bool
}

// SetState takes (version, byte order, ...).
func (t *numpyDtype) SetState(state any) error {
	s, ok := state.(pickle.Tuple)
	if !ok || len(s) < 2 {
		return errors.New("a NumPy type whose state is not a tuple")
	}
	t.big = s[1] == ">"
	return nil
}

func numpyType(args pickle.Tuple) (any, error) {
	name, ok := "", false
	if len(args) > 0 {
		name, ok = args[0].(string)
	}
	if !ok {
		return nil, errors.New("a NumPy type without a name")
	}
	return &numpyDtype{name: name}, nil
}

// numpyScalar takes a type and its bytes, and gives a bool, an int64 or a float64.
func numpyScalar(args pickle.Tuple) (any, error) {
	if len(args) < 2 {
		return nil, errors.New("a NumPy number of less than two arguments")
	}
	dtype, ok1 := args[0].(*numpyDtype)
	b, ok2 := args[1].([]byte)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("a NumPy number of a %T and a %T", args[0], args[1])
	}
	b = slices.Clone(b)
	if dtype.big {
		slices.Reverse(b)
	}
	if len(b) > 8 || len(b) == 0 {
		return nil, fmt.Errorf("a NumPy number of %d bytes", len(b))
	}
	var wide [8]byte
	copy(wide[:], b)
	bits := binary.LittleEndian.Uint64(wide[:])
	shift := 64 - 8*len(b)
	switch dtype.name {
	case "f8":
		return math.Float64frombits(bits), nil
	case "f4":
		return float64(math.Float32frombits(uint32(bits))), nil
	case "f2":
		return float64(half.Float32(uint16(bits))), nil
	case "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8":
		if dtype.name[0] == 'u' {
			return int64(bits), nil
		}
		return int64(bits<<shift) >> shift, nil
	case "b1":
		return bits != 0, nil
	}
	return nil, fmt.Errorf("a NumPy number of type %.20q", dtype.name)
}
