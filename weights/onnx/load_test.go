package onnx_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/infer"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

// requireAgrees loads a file and compares with what ONNX Runtime made of x: within 1e-4 of the largest.
func requireAgrees(t *testing.T, path string, x, want *tensor.Tensor) {
	t.Helper()
	net, err := onnx.Load(path)
	require.NoError(t, err)
	if len(x.Shape()) == 4 {
		x = tensor.Transpose(nil, x, 0, 2, 3, 1)
	}
	shape, err := net.Check(x.Shape()...)
	require.NoError(t, err)
	got := net.Forward(autograd.Const(x)).Value()
	require.Equal(t, shape, got.Shape())
	requireCompiles(t, net, x, got)
	if len(shape) == 4 {
		got = tensor.Transpose(nil, got, 0, 3, 1, 2)
	}
	require.Equal(t, want.Shape(), got.Shape())
	var largest, worst float64
	for i, w := range want.Data() {
		largest = max(largest, math.Abs(float64(w)))
		worst = max(worst, math.Abs(float64(w-got.Data()[i])))
	}
	t.Logf("%s: %.2g of %.3g", filepath.Base(path), worst, largest)
	require.LessOrEqual(t, worst, 1e-4*largest, path)
}

// requireCompiles compares the compiled net with what the net itself makes of images x.
func requireCompiles(t *testing.T, net *onnx.Net, x, want *tensor.Tensor) {
	t.Helper()
	if x.Rank() != 4 {
		return
	}
	program, err := infer.Compile(net, x.Shape()...)
	require.NoError(t, err)
	got, err := program.Run(t.Context(), nil, x)
	require.NoError(t, err)
	require.Equal(t, want.Shape(), got.Shape())
	require.Less(t, tensor.Norm(tensor.Sub(nil, got, want)), 1e-5*tensor.Norm(want))
}

func TestBothExportersOfPyTorch(t *testing.T) {
	for _, name := range []string{"tiny_old", "tiny_new"} {
		f, err := weights.Load("testdata/" + name + ".npz")
		require.NoError(t, err)
		requireAgrees(t, "testdata/"+name+".onnx", f.Tensors["x"], f.Tensors["y"])
	}
}

// With RESIDUUM_ONNX_MODELS naming a folder of models NAME.onnx with NAME.onnx.x.npy and NAME.onnx.y.npy, what goes in
// and what ONNX Runtime makes of it, all of them are compared.
func TestModels(t *testing.T) {
	dir := os.Getenv("RESIDUUM_ONNX_MODELS")
	if dir == "" {
		t.Skip("RESIDUUM_ONNX_MODELS is not set")
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.onnx"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	load := func(path string) *tensor.Tensor {
		f, err := weights.Load(path)
		require.NoError(t, err)
		for _, x := range f.Tensors {
			return x
		}
		return nil
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".onnx"), func(t *testing.T) {
			requireAgrees(t, path, load(path+".x.npy"), load(path+".y.npy"))
		})
	}
}
