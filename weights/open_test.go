package weights

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
)

func mustOpen(t *testing.T, path string) *Reader {
	r, err := Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// requireSame compares what a Reader reads with what Load does.
func requireSame(t *testing.T, path string) {
	want, err := Load(path)
	require.NoError(t, err)
	require.NotEmpty(t, want.Tensors)
	r := mustOpen(t, path)
	require.Equal(t, want.Meta, r.Meta)
	require.Equal(t, want.Unsupported, r.Unsupported)
	require.Len(t, r.Shapes(), len(want.Tensors))
	for name, w := range want.Tensors {
		require.Equal(t, w.Shape(), r.Shapes()[name])
		got, err := r.Tensor(name)
		require.NoError(t, err)
		require.Equal(t, w, got)
	}
	_, err = r.Tensor("no such")
	require.ErrorContains(t, err, `weights: no tensor "no such" that can be read`)
}

func TestReaderReadsWhatLoadDoes(t *testing.T) {
	requireSame(t, "testdata/float32.safetensors")
	requireSame(t, "testdata/types.safetensors")

	dir := t.TempDir()
	for name, file := range map[string]*File{
		"1": {Tensors: map[string]*tensor.Tensor{"a": tensor.Full(1, 2), "both": tensor.Full(2, 3)}, Meta: map[string]string{"of": "1"}},
		"2": {Tensors: map[string]*tensor.Tensor{"b": tensor.Full(3, 2), "both": tensor.Full(4, 3)}},
	} {
		require.NoError(t, Save(filepath.Join(dir, name), file))
	}
	path := filepath.Join(dir, "model"+indexSuffix)
	write := func(text string) { require.NoError(t, os.WriteFile(path, []byte(text), 0o600)) }
	write(`{"metadata": {"total_size": 20}, "weight_map": {"a": "1", "b": "2", "both": "2"}}`)
	requireSame(t, path)
	write(`{"weight_map": {"a": "1", "c": "1"}}`)
	_, err := Open(path)
	require.ErrorContains(t, err, `shard 1 lacks tensor "c"`)
	write(`{"weight_map": {"a": "3"}}`)
	_, err = Open(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestOpenRefuses(t *testing.T) {
	for path, says := range map[string]string{
		"testdata/torch/zip.pt":       "zip.pt: not a valid file of weights: a file of PyTorch or NumPy, which only Load reads",
		"testdata/torch/legacy.pt":    "which only Load reads",
		"testdata/numpy/version1.npy": "which only Load reads",
		"testdata/torch.json":         "it seems to be JSON",
		"testdata":                    "not a regular file",
	} {
		_, err := Open(path)
		require.ErrorContains(t, err, "weights: ", path)
		require.ErrorContains(t, err, says, path)
	}
	short := filepath.Join(t.TempDir(), "short")
	require.NoError(t, os.WriteFile(short, []byte("short"), 0o600))
	_, err := Open(short)
	require.ErrorIs(t, err, ErrFormat)
}

// Prefixes are taken off and convolutions turned as by Assign of a File, and what does not fit is said in the same way.
func TestReaderAssigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	file := &File{Tensors: map[string]*tensor.Tensor{
		"module.conv": tensor.From([]float32{1, 2, 3, 4, 5, 6}, 1, 2, 1, 3), "module.fc": tensor.Full(7, 4),
	}}
	require.NoError(t, Save(path, file))
	model := map[string]*tensor.Tensor{"conv": tensor.New(1, 3, 2, 1), "fc": tensor.New(4)}
	want := map[string]*tensor.Tensor{"conv": tensor.New(1, 3, 2, 1), "fc": tensor.New(4)}
	require.NoError(t, Assign(maps.All(want), file))
	r := mustOpen(t, path)
	require.NoError(t, r.Assign(maps.All(model)))
	require.Equal(t, want, model)

	var mismatch *Mismatch
	require.ErrorAs(t, r.Assign(maps.All(map[string]*tensor.Tensor{"fc": tensor.New(5)})), &mismatch)
	require.Equal(t, []string{"fc is [4], the model has [5]"}, mismatch.Shapes)
	require.Equal(t, []string{"conv"}, mismatch.Unexpected)
}

// A file that shrinks, or is written over, behind an open Reader gives errors and never numbers of two files.
// What Assign puts into a model is the same, whether the file was read or only outlined.
func TestOutlineAssigns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	filters := tensor.New(5, 3, 2, 4) // OIHW
	for i := range filters.Data() {
		filters.Data()[i] = float32(i)
	}
	require.NoError(t, Save(path, &File{Tensors: map[string]*tensor.Tensor{
		"module.conv.weight": filters, "module.conv.bias": tensor.Full(7, 5), "module.none": tensor.New(2, 0, 3, 3)}}))
	whole, err := Load(path)
	require.NoError(t, err)
	outline := mustOpen(t, path).Outline()
	require.Equal(t, whole.Elements(), outline.Elements())
	unwrapped, prefix := Unwrap(outline)
	require.Equal(t, "module.", prefix)
	for _, file := range []*File{whole, outline, unwrapped} {
		model := map[string]*tensor.Tensor{"conv.weight": tensor.New(2, 4, 3, 5), "conv.bias": tensor.New(5), "none": tensor.New(3, 3, 0, 2)}
		require.NoError(t, Assign(maps.All(model), file))
		require.Equal(t, tensor.Transpose(nil, filters, 2, 3, 1, 0), model["conv.weight"])
		require.Equal(t, tensor.Full(7, 5), model["conv.bias"])
	}
}

func TestReaderOfAFileThatChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	old := &File{Tensors: map[string]*tensor.Tensor{"a": tensor.Full(1, 100), "b": tensor.Full(2, 100)}}
	require.NoError(t, Save(path, old))
	r := mustOpen(t, path)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()-4))
	_, err = r.Tensor("b")
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.ErrorContains(t, err, `weights: tensor "b": changed while it was read`)
	_, err = r.Tensor("a")
	require.ErrorContains(t, err, "changed while it was read")
	require.ErrorContains(t, r.Assign(maps.All(map[string]*tensor.Tensor{"a": tensor.New(100), "b": tensor.New(100)})), "changed")

	require.NoError(t, Save(path, old))
	r = mustOpen(t, path)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("more"), info.Size()-4)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)))
	_, err = r.Tensor("a")
	require.ErrorContains(t, err, "changed while it was read")

	require.NoError(t, r.Close())
	_, err = r.Tensor("a")
	require.ErrorIs(t, err, os.ErrClosed)
}
