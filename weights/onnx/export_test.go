package onnx_test

import (
	"cmp"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/nettest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
	"github.com/residuum-go/residuum/weights/onnx/internal/pb"
)

// requireClose compares numbers within a part of the largest.
func requireClose(t *testing.T, part float64, want, got *tensor.Tensor) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape())
	var largest, worst float64
	for i, w := range want.Data() {
		largest = max(largest, math.Abs(float64(w)))
		worst = max(worst, math.Abs(float64(w-got.Data()[i])))
	}
	require.Positive(t, largest)
	require.LessOrEqual(t, worst, part*largest)
}

// keepNumbers writes what went in and came out beside the file at path, in the order that ONNX has.
func keepNumbers(t *testing.T, path string, x, y *tensor.Tensor) {
	theirs := func(a *tensor.Tensor) *tensor.Tensor {
		if a.Rank() == 4 {
			return tensor.Transpose(nil, a, 0, 3, 1, 2)
		}
		return a
	}
	numbers := map[string]*tensor.Tensor{"x": theirs(x), "y": theirs(y)}
	require.NoError(t, weights.Save(path+".safetensors", &weights.File{Tensors: numbers}))
}

// Every net that has a name is written and read again. With RESIDUUM_ONNX_EXPORT naming a folder the files stay there,
// for export.py.
func TestEveryNetIsSaved(t *testing.T) {
	keep := os.Getenv("RESIDUUM_ONNX_EXPORT")
	names := nettest.Names(t)
	if keep != "" {
		names = resnet.Names()
	}
	ofFew, ofAll := map[string]int{}, map[string]int{}
	for _, name := range names {
		net := nettest.Small(t, name)
		path := filepath.Join(cmp.Or(keep, t.TempDir()), name+".onnx")
		in := net.Config().Image
		require.NoError(t, onnx.Save(path, net, in.Height, in.Width, in.Channels))
		operators := countOperators(t, path)
		maps.Copy(ofAll, operators)
		if slices.Contains(nettest.Few, name) {
			maps.Copy(ofFew, operators)
		}
		t.Run(name, func(t *testing.T) {
			requireSaved(t, net, path)
		})
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(ofAll)), slices.Collect(maps.Keys(ofFew)))
}

// requireSaved reads the file at path: it has the logits of net, for batches of any size, and its state.
func requireSaved(t *testing.T, net *resnet.Net, path string) {
	t.Helper()
	in := net.Config().Image
	got, err := onnx.Load(path)
	require.NoError(t, err)
	require.Empty(t, got.Notes)
	_, err = graph.Trace(got, in.Height, in.Width, in.Channels)
	require.NoError(t, err)
	require.Equal(t, []int{0, in.Height, in.Width, in.Channels}, got.InputShape())

	x := nettest.Images(3, 2, in.Height, in.Width, in.Channels)
	want := net.Forward(autograd.Const(x)).Value()
	requireClose(t, 1e-5, want, got.Forward(autograd.Const(x)).Value())

	state, again := weights.FromState(nn.State(net)), weights.FromState(nn.State(got))
	require.Equal(t, slices.Sorted(maps.Keys(state)), slices.Sorted(maps.Keys(again)))
	for name, w := range state {
		require.True(t, tensor.Equal(w, again[name]), name)
	}
	if os.Getenv("RESIDUUM_ONNX_EXPORT") != "" {
		keepNumbers(t, path, x, want)
	}
}

// The net that RESIDUUM_ONNX_NET names, as large as it is, for export.py.
func TestTheNetIsSaved(t *testing.T) {
	name, keep := os.Getenv("RESIDUUM_ONNX_NET"), os.Getenv("RESIDUUM_ONNX_EXPORT")
	if name == "" {
		t.Skip("RESIDUUM_ONNX_NET is not set")
	}
	cfg, err := resnet.Named(name, 1000)
	require.NoError(t, err)
	net := nettest.Drawn(t, cfg)
	in := net.Config().Image
	path := filepath.Join(cmp.Or(keep, t.TempDir()), name+".onnx")
	require.NoError(t, onnx.Save(path, net, in.Height, in.Width, in.Channels))
	requireSaved(t, net, path)
}

// countOperators counts the nodes of a file by their operators.
func countOperators(t *testing.T, path string) map[string]int {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var m pb.ModelProto
	require.NoError(t, proto.Unmarshal(data, &m))
	count := map[string]int{}
	for _, n := range m.Graph.Node {
		count[n.GetOpType()]++
	}
	return count
}

// module is a function as a module.
type module func(x *autograd.Var) *autograd.Var

func (f module) Forward(x *autograd.Var) *autograd.Var { return f(x) }
func (module) Parts() []nn.Part                        { return nil }

// Ops that no net of package resnet has, with operands whose axes the file has in another order.
func TestOtherOpsAreSaved(t *testing.T) {
	keep := os.Getenv("RESIDUUM_ONNX_EXPORT")
	line, square := autograd.Const(nettest.Images(3, 3)), autograd.Const(nettest.Images(3, 4, 3))
	for name, f := range map[string]module{
		"functions": func(x *autograd.Var) *autograd.Var {
			y := autograd.Concat(3, autograd.Sigmoid(x), autograd.Tanh(x), autograd.SiLU(x))
			y = autograd.Maximum(autograd.Abs(y), autograd.Exp(autograd.Neg(y)))
			return autograd.Div(autograd.Log(autograd.AddScalar(y, 2)), autograd.Sqrt(autograd.Square(autograd.AddScalar(y, 3))))
		},
		"axes": func(x *autograd.Var) *autograd.Var {
			y := autograd.Softmax(autograd.Clip(autograd.SliceAxis(x, 2, 1, 4), 0.1, 0.9), 1)
			y = autograd.Sub(y, autograd.MaxKeep(y, 1))
			return autograd.PadAxis(autograd.LogSoftmax(y, 3), -1, 1, 2)
		},
		"lower ranks":  func(x *autograd.Var) *autograd.Var { return autograd.Mul(autograd.Add(line, x), square) },
		"axes that go": func(x *autograd.Var) *autograd.Var { return autograd.Mean(autograd.SubsampleHW(x, 2), 3) },
		"a sum":        func(x *autograd.Var) *autograd.Var { return autograd.Sum(x, 2) },
		"an order":     func(x *autograd.Var) *autograd.Var { return autograd.Reshape(x, -1, 16, 3) },
		"a turn":       func(x *autograd.Var) *autograd.Var { return autograd.ReLU(autograd.Transpose(x, 0, 2, 3, 1)) },
		"the input":    func(x *autograd.Var) *autograd.Var { return x },
		"stacks":       func(x *autograd.Var) *autograd.Var { return autograd.MatMul(x, x, tensor.TN) },
		"average": func(x *autograd.Var) *autograd.Var {
			return autograd.AvgPool2D(x, tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.HW{H: 1}})
		},
		"rounded up": func(x *autograd.Var) *autograd.Var {
			return autograd.MaxPool2D(x, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Ceil: true})
		},
		"rounded means": func(x *autograd.Var) *autograd.Var {
			return autograd.AvgPool2D(x, tensor.PoolSpec{Size: tensor.Both(3), Ceil: true, ExcludePad: true})
		},
		"a product": func(x *autograd.Var) *autograd.Var {
			return autograd.MatMul(square, autograd.GlobalAvgPool(x), tensor.NT)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ops.onnx")
			if keep != "" {
				path = filepath.Join(keep, "ops "+name+".onnx")
			}
			require.NoError(t, onnx.Save(path, f, 4, 4, 3))
			got, err := onnx.Load(path)
			require.NoError(t, err)
			require.Empty(t, got.Parts())
			x := autograd.Const(nettest.Images(3, 2, 4, 4, 3))
			want := f(x).Value()
			requireClose(t, 1e-5, want, got.Forward(x).Value())
			if keep != "" {
				keepNumbers(t, path, x.Value(), want)
			}
		})
	}
}

func TestWhatCannotBeSavedIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.onnx")
	for want, f := range map[string]module{
		`node "resize", graph.Resize: ONNX files are written without this op`: func(x *autograd.Var) *autograd.Var {
			return autograd.ReLU(autograd.Resize(x, tensor.Both(5), tensor.Bilinear))
		},
		`node "avgpool2d", graph.AvgPool2D: an average that counts padding`: func(x *autograd.Var) *autograd.Var {
			return autograd.AvgPool2D(x, tensor.PoolSpec{Size: tensor.Both(3), Ceil: true})
		},
		"no graph has this op": func(x *autograd.Var) *autograd.Var { return autograd.Gather(x, []int{0}) },
	} {
		require.ErrorContains(t, onnx.Save(path, f, 4, 4, 3), want)
		require.NoFileExists(t, path)
	}
}

// The file has the nodes that everybody expects of a residual net, and no others.
func TestNodesOfASavedNet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.onnx")
	require.NoError(t, onnx.Save(path, nettest.Small(t, "resnet18"), 32, 32, 3))
	require.Equal(t, map[string]int{"Conv": 20, "BatchNormalization": 20, "Relu": 17, "Add": 8, "MaxPool": 1,
		"GlobalAveragePool": 1, "Flatten": 1, "Gemm": 1, "Identity": 1}, countOperators(t, path))
}
