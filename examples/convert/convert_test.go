package main

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/programtest"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

func TestMain(m *testing.M) {
	programtest.Child(main)
	m.Run()
}

func newNet(t *testing.T) *resnet.Net {
	t.Helper()
	c := resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 3}
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	return net
}

// save writes tensors as other libraries do, without a word about the net.
func save(t *testing.T, tensors map[string]*tensor.Tensor) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "theirs.safetensors")
	require.NoError(t, weights.Save(path, &weights.File{Tensors: tensors, Meta: map[string]string{"epoch": "7"}}))
	return path
}

func target(t *testing.T) string { return filepath.Join(t.TempDir(), "new.safetensors") }

func TestANetBecomesAFileThatDescribesItself(t *testing.T) {
	net := newNet(t)
	tensors := map[string]*tensor.Tensor{}
	for name, w := range weights.FromState(nn.State(net)) {
		tensors["module."+name] = w
	}
	from, to := save(t, tensors), target(t)
	names := filepath.Join(t.TempDir(), "names.txt")
	require.NoError(t, os.WriteFile(names, []byte("cat\ndog\nhorse\n"), 0o644))
	status, summary, wrong := programtest.Run(t, nil, "-classes", names, "-preset", "IMAGENET1K_V2", "-shortcut", "A centred", from, to)
	require.Zero(t, status, wrong)
	require.Empty(t, wrong)
	for _, says := range []string{
		"read     " + from + "\n", "\ntensors  37, 37 of F32; 5,007 numbers\n", "\nnet      original net of [1 1 1] blocks",
		"\n         taken off all names: \"module.\"\n", "\n         assumed: a stem of stride 1", "\nclasses  3, cat, dog, horse\n",
		"\nimages   normalised by mean [0.485 0.456 0.406], deviation [0.229 0.224 0.225]\n", "\nwritten  " + to + "\n", "\nchecked  the logits of 2 images of noise have the same bits\n",
	} {
		require.Contains(t, summary, says)
	}
	require.NotContains(t, summary, "assumed: shortcuts")
	got, card, err := resnet.Load(to)
	require.NoError(t, err)
	require.Nil(t, got.Recognised())
	want := net.Config()
	want.Shortcut = resnet.OptionACentred
	require.Equal(t, want, got.Config())
	require.Equal(t, []string{"cat", "dog", "horse"}, card.Classes)
	require.Empty(t, card.Preset) // of images of 32x32
	require.Equal(t, []float32{0.485, 0.456, 0.406}, card.Norm.Mean)
	same := weights.FromState(nn.State(got))
	for name, w := range weights.FromState(nn.State(net)) {
		require.True(t, tensor.Equal(w, same[name]), name)
	}

	again := target(t)
	status, summary, wrong = programtest.Run(t, nil, to, again)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, ", as the file says\n")
	before, err := os.ReadFile(to)
	require.NoError(t, err)
	after, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestAPresetIsKept(t *testing.T) {
	c := resnet.Config{Kind: resnet.Original, Blocks: []int{1, 1}, Width: 4, StemSize: 7, StemStride: 2, StemPool: true, Classes: 3}
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	to := target(t)
	status, summary, wrong := programtest.Run(t, nil, "-preset", "resnet50.a1_in1k", save(t, weights.FromState(nn.State(net))), to)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "; prepared as for resnet50.a1_in1k\n")
	_, card, err := resnet.Load(to)
	require.NoError(t, err)
	require.Equal(t, "resnet50.a1_in1k", card.Preset)
}

// A net goes to ONNX and comes back with the same numbers.
func TestANetGoesToONNXAndBack(t *testing.T) {
	net := newNet(t)
	ours, there := filepath.Join(t.TempDir(), "ours.safetensors"), filepath.Join(t.TempDir(), "net.onnx")
	require.NoError(t, net.Save(ours, data.Card{}))
	status, summary, wrong := programtest.Run(t, nil, ours, there)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "\nchecked  the logits of 2 images of noise agree within 0.0001\n")

	back := target(t)
	status, summary, wrong = programtest.Run(t, nil, there, back)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "\nnet      original net of [1 1 1] blocks")
	got, _, err := resnet.Load(back)
	require.NoError(t, err)
	same := weights.FromState(nn.State(got))
	for name, w := range weights.FromState(nn.State(net)) {
		require.True(t, tensor.Equal(w, same[name]), name)
	}
}

// doubled is a net whose tensors say nothing of what it does with them at the end.
type doubled struct{ *resnet.Net }

func (d doubled) Forward(x *autograd.Var) *autograd.Var { return autograd.Scale(d.Net.Forward(x), 2) }

// What an ONNX file computes counts, and not only which tensors it has: zeros that are padded on the other side.
func TestWhatAnONNXFileComputesCounts(t *testing.T) {
	c := resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 3, Shortcut: resnet.OptionACentred}
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	from := filepath.Join(t.TempDir(), "net.onnx")
	require.NoError(t, onnx.Save(from, net, 32, 32, 3))
	for _, args := range [][]string{{from, target(t)}, {"-shortcut", "A centred", from, target(t)}} {
		status, summary, wrong := programtest.Run(t, nil, args...)
		require.Zero(t, status, wrong)
		require.Contains(t, summary, "shortcuts A centred")
		require.Contains(t, summary, "\nchecked  the logits of 2 images of noise have the same bits\n")
	}
	status, _, wrong := programtest.Run(t, nil, "-shortcut", "A", from, target(t))
	require.Equal(t, 1, status)
	require.Contains(t, wrong, "but computes otherwise")

	require.NoError(t, onnx.Save(from, doubled{net}, 32, 32, 3))
	status, summary, wrong := programtest.Run(t, nil, from, target(t))
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "not recognised, so tensors keep their names: it fits")
	require.Contains(t, summary, "but computes otherwise: logits of up to")
}

// The tensors of a net go to NumPy or PyTorch and come back.
func TestANetGoesElsewhereAndBack(t *testing.T) {
	net := newNet(t)
	ours := filepath.Join(t.TempDir(), "ours.safetensors")
	require.NoError(t, net.Save(ours, data.Card{}))
	for _, name := range []string{"net.npz", "net.pth", "net.PT"} {
		there := filepath.Join(t.TempDir(), name)
		status, summary, wrong := programtest.Run(t, nil, ours, there)
		require.Zero(t, status, wrong)
		require.Contains(t, summary, "\nchecked  all 5,007 numbers are the same\n")

		back := target(t)
		status, _, wrong = programtest.Run(t, nil, there, back)
		require.Zero(t, status, wrong)
		got, _, err := resnet.Load(back)
		require.NoError(t, err)
		same := weights.FromState(nn.State(got))
		for name, w := range weights.FromState(nn.State(net)) {
			require.True(t, tensor.Equal(w, same[name]), name)
		}
	}
}

// Whatever is no net of package resnet comes through with its names and metadata, NaN included.
func TestAnUnknownNet(t *testing.T) {
	odd := tensor.New(2, 3)
	odd.Data()[4], odd.Data()[5] = float32(math.NaN()), float32(math.Inf(-1))
	to := target(t)
	status, summary, wrong := programtest.Run(t, nil, save(t, map[string]*tensor.Tensor{"transformer.wte": odd}), to)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "\nnet      not recognised, so tensors keep their names: resnet: not a net of this package: it has no layer1.0")
	require.Contains(t, summary, "\nchecked  all 6 numbers are the same\n")
	got, err := weights.Load(to)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"epoch": "7"}, got.Meta)
	require.True(t, sameBits(odd, got.Tensors["transformer.wte"]))
}

// Tensors of types that are not converted are named, and the others come through.
func TestTypesThatAreNotConverted(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "f8.safetensors"), target(t)
	header := `{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]},"b":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[4,8]}}`
	content := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header+"\x00\x3c\x00\xc0\x01\x02\x03\x04"...)
	require.NoError(t, os.WriteFile(from, content, 0o644))
	status, summary, wrong := programtest.Run(t, nil, from, to)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "\ntensors  1, 1 of F16; 2 numbers\nleft out 1 of types that are not converted: b (F8_E4M3)\n")
	got, err := weights.Load(to)
	require.NoError(t, err)
	require.Equal(t, []float32{1, -2}, got.Tensors["a"].Data())
	require.Empty(t, got.Unsupported)
}

// A file of torch.save, of which one of two dictionaries is asked for.
func TestAPartOfAFileOfPyTorch(t *testing.T) {
	to := target(t)
	status, summary, wrong := programtest.Run(t, nil, "-part", "ema", "../../weights/testdata/torch/two.pt", to)
	require.Zero(t, status, wrong)
	require.Contains(t, summary, "two.pt, part ema\ntensors  1, 1 of F32; 1 numbers\n")
	got, err := weights.Load(to)
	require.NoError(t, err)
	require.Equal(t, []float32{1}, got.Tensors["w"].Data())
}

func TestWhatCannotBe(t *testing.T) {
	dir, net := t.TempDir(), newNet(t)
	ours := filepath.Join(dir, "ours.safetensors")
	require.NoError(t, net.Save(ours, data.Card{}))
	whole, err := os.ReadFile(ours)
	require.NoError(t, err)
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return path
	}
	unknown := save(t, map[string]*tensor.Tensor{"a": tensor.New(1)})
	for _, c := range []struct {
		status int
		args   []string
		says   string
	}{
		{1, []string{filepath.Join(dir, "none.pth"), target(t)}, "none.pth: no such file or directory"},
		{1, []string{file("cut.safetensors", whole[:len(whole)-1]), target(t)}, "cut.safetensors: not a valid file of weights"},
		{1, []string{file("text.pth", []byte("weights, honestly")), target(t)}, "text.pth: not a valid file of weights"},
		{1, []string{ours, ours}, "ours.safetensors exists: nothing is overwritten"},
		{1, []string{"-part", "ema", ours, target(t)}, `part "ema" of a file that has no parts`},
		{1, []string{"-preset", "IMAGENET1K_V1", unknown, target(t)}, "-classes and -preset describe nets, and this is none"},
		{1, []string{"-preset", "nothing", ours, target(t)}, `no preset for "nothing"`},
		{1, []string{"-classes", file("two", []byte("cat\ndog")), ours, target(t)}, "card: names of 2 classes for 3 outputs"},
		{1, []string{"-shortcut", "Z", save(t, weights.FromState(nn.State(net))), target(t)}, "resnet: Config.Shortcut is"},
		{1, []string{"-shortcut", "A", unknown, target(t)}, "not a net of this package"},
		{1, []string{unknown, filepath.Join(t.TempDir(), "new.onnx")}, "an ONNX file holds a net, and"},
		{1, []string{file("text.onnx", []byte("weights, honestly")), target(t)}, "not an ONNX model"},
		{1, []string{ours, filepath.Join(dir, "none", "new.pth")}, "new file in folder " + filepath.Join(dir, "none")},
		{2, []string{ours}, "1 files: want two, the one to read and the one to write"},
		{2, []string{ours, "new.h5"}, "the file to write is new.h5: want a name that ends in .safetensors, .onnx, .pth, .pt or .npz"},
		{2, []string{"-preset", "IMAGENET1K_V1", ours, "new.onnx"}, "-classes and -preset are kept in .safetensors alone"},
	} {
		status, _, wrong := programtest.Run(t, nil, c.args...)
		require.Equal(t, c.status, status, wrong)
		require.Contains(t, wrong, c.says)
		if to := c.args[len(c.args)-1]; to != ours {
			require.NoFileExists(t, to)
		}
	}
	unchanged, err := os.ReadFile(ours)
	require.NoError(t, err)
	require.Equal(t, whole, unchanged)
}

// What is ended early leaves nothing, and does not blame the file.
func TestEndedEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := config{from: save(t, weights.FromState(nn.State(newNet(t)))), to: target(t)}
	err := convert(ctx, cfg, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "stopped before "+cfg.to+" was written")
	require.NoFileExists(t, cfg.to)
}

// The comparison at the end finds a file that is another, and takes it away.
func TestCheckFindsADifference(t *testing.T) {
	from := save(t, weights.FromState(nn.State(newNet(t))))
	c, err := read(config{from: from})
	require.NoError(t, err)
	path := target(t)
	require.NoError(t, c.write(path))
	_, err = c.check(t.Context(), path)
	require.NoError(t, err)
	for name, p := range nn.Params(c.net) {
		if name == "conv1.weight" {
			p.Value.Data()[0] += 0.5
		}
	}
	_, err = c.check(t.Context(), path)
	require.EqualError(t, err, "other logits for the same images")

	c.net = nil
	c.file.Tensors["fc.bias"].Data()[0]++
	_, err = c.check(t.Context(), path)
	require.EqualError(t, err, `tensor "fc.bias" is another`)
	delete(c.file.Tensors, "fc.bias")
	_, err = c.check(t.Context(), path)
	require.ErrorContains(t, err, "tensors instead of")
}
