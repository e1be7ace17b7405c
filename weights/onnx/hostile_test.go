package onnx

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// model returns a valid model: y = Relu(w x) of a matrix w and an input x [1, 2].
func model() *pb.ModelProto {
	dim := func(n int64) *pb.TensorShapeProto_Dimension {
		return &pb.TensorShapeProto_Dimension{Value: &pb.TensorShapeProto_Dimension_DimValue{DimValue: n}}
	}
	return &pb.ModelProto{
		OpsetImport: []*pb.OperatorSetIdProto{{Version: proto.Int64(17)}},
		Graph: &pb.GraphProto{
			Input: []*pb.ValueInfoProto{{Name: proto.String("x"), Type: &pb.TypeProto{Value: &pb.TypeProto_TensorType{
				TensorType: &pb.TypeProto_Tensor{ElemType: proto.Int32(int32(pb.TensorProto_FLOAT)),
					Shape: &pb.TensorShapeProto{Dim: []*pb.TensorShapeProto_Dimension{dim(1), dim(2)}}}}}}},
			Output: []*pb.ValueInfoProto{{Name: proto.String("y")}},
			Initializer: []*pb.TensorProto{{Name: proto.String("w"), Dims: []int64{2, 3},
				DataType: proto.Int32(int32(pb.TensorProto_FLOAT)), FloatData: []float32{1, 2, 3, 4, 5, 6}}},
			Node: []*pb.NodeProto{
				{Name: proto.String("product"), OpType: proto.String("MatMul"), Input: []string{"x", "w"}, Output: []string{"h"}},
				{Name: proto.String("gate"), OpType: proto.String("Relu"), Input: []string{"h"}, Output: []string{"y"}},
			},
		},
	}
}

func encoded(t testing.TB, m *pb.ModelProto) []byte {
	data, err := proto.Marshal(m)
	require.NoError(t, err)
	return data
}

func TestWhatIsWrongWithAFileIsNamed(t *testing.T) {
	_, err := Read(encoded(t, model()))
	require.NoError(t, err)
	weight := func(m *pb.ModelProto) *pb.TensorProto { return m.Graph.Initializer[0] }
	for want, spoil := range map[string]func(m *pb.ModelProto){
		`node 0 "product" (MatMul): input "y" is made by no node before`: func(m *pb.ModelProto) {
			m.Graph.Node[0].Input[0] = "y" // a cycle
		},
		`node 1 "gate" (Relu): input "nothing" is made by no node before`: func(m *pb.ModelProto) {
			m.Graph.Node[1].Input[0] = "nothing"
		},
		`node 1 "gate" (Frobnicate): operator is not known`: func(m *pb.ModelProto) {
			m.Graph.Node[1].OpType = proto.String("Frobnicate")
		},
		`node 1 "gate" (elsewhere.Relu): operator is not known`: func(m *pb.ModelProto) {
			m.Graph.Node[1].Domain = proto.String("elsewhere")
		},
		`node 1 "gate" (Relu): output "h": made twice`: func(m *pb.ModelProto) { m.Graph.Node[1].Output[0] = "h" },
		`node 0 "product" (MatMul): tensor: MatMul: [1 2] x [3 2]`: func(m *pb.ModelProto) {
			weight(m).Dims = []int64{3, 2}
		},
		`tensor "w" of type FLOAT and shape [2 4]: 6 elements, want 8`: func(m *pb.ModelProto) { weight(m).Dims[1] = 4 },
		`tensor "w": shape [2 -3]`:                                     func(m *pb.ModelProto) { weight(m).Dims[1] = -3 },
		`tensor "w": shape [4294967296 4294967296]`: func(m *pb.ModelProto) {
			weight(m).Dims = []int64{1 << 32, 1 << 32}
		},
		`tensor "w": elements of type STRING`: func(m *pb.ModelProto) {
			weight(m).DataType = proto.Int32(int32(pb.TensorProto_STRING))
		},
		`initializer "w": a name that is empty or given twice`: func(m *pb.ModelProto) {
			m.Graph.Initializer = append(m.Graph.Initializer, weight(m))
		},
		"operator set 5: known are": func(m *pb.ModelProto) { m.OpsetImport[0].Version = proto.Int64(5) },
		"2 inputs: want one": func(m *pb.ModelProto) {
			m.Graph.Initializer, m.Graph.Input = nil, append(m.Graph.Input, second())
		},
		"no output":                    func(m *pb.ModelProto) { m.Graph.Output = nil },
		`output "y" is made by no`:     func(m *pb.ModelProto) { m.Graph.Node = m.Graph.Node[:1] },
		"no graph":                     func(m *pb.ModelProto) { m.Graph = nil },
		"was not loaded from a file":   func(m *pb.ModelProto) { outside(weight(m), "w.bin") },
		`node 1 "gate" (Reshape): ope`: func(m *pb.ModelProto) { m.Graph.Node[1].OpType = proto.String("Reshape") },
	} {
		m := model()
		spoil(m)
		_, err := Read(encoded(t, m))
		require.ErrorIs(t, err, ErrFormat, want)
		require.ErrorContains(t, err, want)
	}
	_, err = Read([]byte("no model"))
	require.ErrorIs(t, err, ErrFormat)
}

// What a file says of lengths takes no memory until something is computed.
func TestLongAxesTakeNoMemory(t *testing.T) {
	m := model()
	m.Graph.Input[0].Type.GetTensorType().Shape.Dim[1].Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: 1 << 26}
	m.Graph.Node[0].OpType, m.Graph.Node[0].Input = proto.String("Slice"), []string{"x", "s", "e", "a"}
	for name, v := range map[string]int64{"s": 1, "e": 1 << 62, "a": 1} {
		m.Graph.Initializer = append(m.Graph.Initializer, &pb.TensorProto{Name: proto.String(name), Dims: []int64{1},
			DataType: proto.Int32(int32(pb.TensorProto_INT64)), Int64Data: []int64{v}})
	}
	data := encoded(t, m)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	net, err := Read(data)
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	shape, err := net.Check(1, 1<<26)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1<<26 - 1}, shape)
}

// second is an input in place of the matrix.
func second() *pb.ValueInfoProto {
	v := model().Graph.Input[0]
	v.Name = proto.String("w")
	return v
}

// requireLoaded writes a model into a folder and loads it, or fails with an error of its format that says what is wrong.
func requireLoaded(t *testing.T, dir string, m *pb.ModelProto, wrong string) {
	t.Helper()
	path := filepath.Join(dir, "m.onnx")
	require.NoError(t, os.WriteFile(path, encoded(t, m), 0o644))
	_, err := Load(path)
	if wrong == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, wrong)
}

// outside moves the data of a tensor into a file.
func outside(t *pb.TensorProto, location string) {
	t.FloatData, t.DataLocation = nil, pb.TensorProto_EXTERNAL.Enum()
	t.ExternalData = []*pb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String(location)},
		{Key: proto.String("offset"), Value: proto.String("4")}}
}

func TestExternalDataLiesInTheModelsFolder(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "model")
	require.NoError(t, os.Mkdir(dir, 0o755))
	for path, size := range map[string]int{"w.bin": 28, "model/w.bin": 28, "model/short.bin": 27} {
		require.NoError(t, os.WriteFile(filepath.Join(parent, path), make([]byte, size), 0o644))
	}
	for location, want := range map[string]string{
		"w.bin": "", "../w.bin": "escapes", filepath.Join(parent, "w.bin"): "escapes",
		"short.bin": "has 27 bytes, want 24 from 4 on", "gone.bin": "gone.bin", "": "external data", ".": "external data"} {
		m := model()
		outside(m.Graph.Initializer[0], location)
		requireLoaded(t, dir, m, want)
	}
}

// Many tensors of the same bytes are as many times their memory.
func TestExternalDataIsShared(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "w.bin"), make([]byte, 28), 0o644))
	for n, want := range map[int]string{4: "", 5: `tensor "w4" of type FLOAT and shape [2 3]: external data: tensors with more elements than "./w.bin" has bytes`} {
		m := model()
		outside(m.Graph.Initializer[0], "w.bin")
		for i := 1; i < n; i++ {
			w := proto.CloneOf(m.Graph.Initializer[0])
			w.Name = proto.String(fmt.Sprint("w", i))
			w.ExternalData[0].Value = proto.String("./w.bin")
			m.Graph.Initializer = append(m.Graph.Initializer, w)
		}
		requireLoaded(t, dir, m, want)
	}
}

// What results need is bounded by what the net is given, and names the node that would need more.
func TestWhatRunsIsBounded(t *testing.T) {
	list := func(m *pb.ModelProto, name string, v ...int64) {
		m.Graph.Initializer = append(m.Graph.Initializer, &pb.TensorProto{Name: proto.String(name), Dims: []int64{int64(len(v))},
			DataType: proto.Int32(int32(pb.TensorProto_INT64)), Int64Data: v})
	}
	for want, spoil := range map[string]func(m *pb.ModelProto){
		`node 1 "gate" (Expand): a result of shape [100000 100000 1 3]: more than 268435456 numbers at a time, for an input and parameters of 8`: func(m *pb.ModelProto) {
			m.Graph.Node[1].OpType, m.Graph.Node[1].Input = proto.String("Expand"), []string{"h", "s"}
			list(m, "s", 100_000, 100_000, 1, 3)
		},
		`node 1 "gate" (Pad): a result of shape [1 400000003]: more than`: func(m *pb.ModelProto) {
			m.Graph.Node[1].OpType, m.Graph.Node[1].Input = proto.String("Pad"), []string{"h", "p"}
			list(m, "p", 0, 200_000_000, 0, 200_000_000)
		},
		`node 26 "double" (Concat): a result of shape [1 201326592]: more than`: func(m *pb.ModelProto) {
			for i := range 30 {
				from, to := fmt.Sprint("y", i-1), fmt.Sprint("y", i)
				if i == 0 {
					from = "h"
				}
				m.Graph.Node = append(m.Graph.Node, &pb.NodeProto{Name: proto.String("double"), OpType: proto.String("Concat"),
					Attribute: []*pb.AttributeProto{{Name: proto.String("axis"), I: proto.Int64(1)}}, Input: []string{from, from}, Output: []string{to}})
			}
			m.Graph.Node = append(m.Graph.Node[:1], m.Graph.Node[2:]...)
			m.Graph.Output[0].Name = proto.String("y29")
		},
		`node 1 "gate" (AveragePool): 9000000 windows of 3000x3000 for an image: at most 4294967296 pixels in all`: func(m *pb.ModelProto) {
			m.Graph.Node[0].OpType, m.Graph.Node[0].Input = proto.String("Expand"), []string{"x", "s"}
			list(m, "s", 1, 1, 3000, 1)
			m.Graph.Input[0].Type.GetTensorType().Shape.Dim[1].Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: 3000}
			m.Graph.Node[1].OpType = proto.String("AveragePool")
			m.Graph.Node[1].Attribute = []*pb.AttributeProto{{Name: proto.String("kernel_shape"), Ints: []int64{3000, 3000}},
				{Name: proto.String("pads"), Ints: []int64{1499, 1499, 1500, 1500}}}
		},
		"of shape [1073741824 2], with which the net needs": func(m *pb.ModelProto) {
			m.Graph.Input[0].Type.GetTensorType().Shape.Dim[0].Value = &pb.TensorShapeProto_Dimension_DimValue{DimValue: 1 << 30}
		},
		`node 14 "wide" (Expand): a result of shape [10000000 2]: more than`: func(m *pb.ModelProto) { // each is small, and none is let go
			sum := &pb.NodeProto{Name: proto.String("all"), OpType: proto.String("Sum"), Output: []string{"z"}}
			m.Graph.Node = m.Graph.Node[:1]
			for i := range 20 {
				name := fmt.Sprint("e", i)
				m.Graph.Node = append(m.Graph.Node, &pb.NodeProto{Name: proto.String("wide"), OpType: proto.String("Expand"), Input: []string{"x", "s"}, Output: []string{name}})
				sum.Input = append(sum.Input, name)
			}
			list(m, "s", 10_000_000, 2)
			m.Graph.Node = append(m.Graph.Node, sum)
			m.Graph.Output[0].Name = proto.String("z")
		},
	} {
		m := model()
		spoil(m)
		_, err := Read(encoded(t, m))
		require.ErrorIs(t, err, ErrFormat, want)
		require.ErrorContains(t, err, want)
	}
}

// FuzzRead reads models: an error that says what is wrong, or a net that computes what its shapes say.
func FuzzRead(f *testing.F) {
	f.Add(encoded(f, model()))
	for _, b := range backendCases(f) {
		if data := b.files["model.onnx"]; len(data) < 2000 && !strings.Contains(b.name, "cast") {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		net, err := Read(data)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		shape := net.InputShape()
		for i, d := range shape {
			shape[i] = max(d, 1)
		}
		r := &run{net: net}
		want, err := net.first(r, shape, nil)
		if err != nil || r.peak > 1<<12 {
			return
		}
		got := net.Forward(autograd.Const(tensor.New(shape...)))
		require.Equal(t, want.shape, got.Shape())
	})
}
