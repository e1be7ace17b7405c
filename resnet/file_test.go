package resnet

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

var fileConfigs = []Config{
	{Depth: 8, Width: 4, Classes: 3},
	{Kind: Original, Depth: 8, Width: 4, Shortcut: OptionB, Image: Shape{28, 28, 1}, StemStride: 2, Classes: 3},
	{Kind: Original, Bottleneck: true, Blocks: []int{1, 2}, Width: 4, Groups: 2, GroupWidth: 3, Shortcut: OptionC, StemSize: 7, StemPool: true, Classes: 3},
	{Kind: Plain, Depth: 8, Width: 4, Classes: 3, WithoutBatchNorm: true},
	{Kind: VGG, Blocks: []int{1, 1}, Width: 4, Classes: 3},
	{Depth: 14, Width: 4, Classes: 3, Survival: 0.5},
}

func TestANetComesBackFromItsFile(t *testing.T) {
	for _, cfg := range fileConfigs {
		n, err := New(cfg, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		for _, b := range nn.Buffers(n) {
			for i := range b.Data() {
				b.Data()[i] += float32(i%3) * 0.1
			}
		}
		channels := n.Config().Image.Channels
		card := data.Card{Classes: []string{"cat", "dog", "ship"}, Norm: data.Norm{Mean: make([]float32, channels), Std: slices.Repeat([]float32{0.5}, channels)}}
		path := filepath.Join(t.TempDir(), "net.safetensors")
		require.NoError(t, n.Save(path, card))
		got, gotCard, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, card, gotCard)
		require.Equal(t, n.Config(), got.Config())
		require.Equal(t, "dog", gotCard.Class(1))
		x := tensor.New(2, n.Config().Image.Height, n.Config().Image.Width, channels)
		for i := range x.Data() {
			x.Data()[i] = float32(i%11) - 5
		}
		require.True(t, tensor.Equal(n.Forward(autograd.Const(x)).Value(), got.Forward(autograd.Const(x)).Value()))
	}
}

func TestFilesThatAreNotOfANet(t *testing.T) {
	n, err := New(fileConfigs[0], rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	_, err = n.Describe(data.Card{Classes: []string{"cat"}})
	require.EqualError(t, err, "resnet: card: names of 1 classes for 3 outputs")
	_, err = n.Describe(data.Card{Norm: data.Norm{Mean: []float32{1}, Std: []float32{1}}})
	require.EqualError(t, err, "resnet: card: normalisation: 1 means, 1 deviations for 3 channels")

	file := func(config any, model string) *weights.File {
		meta, err := data.Card{}.Describe(model, config)
		require.NoError(t, err)
		return &weights.File{Tensors: weights.FromState(nn.State(n)), Meta: meta}
	}
	load := func(f *weights.File) error {
		path := filepath.Join(t.TempDir(), "net.safetensors")
		require.NoError(t, weights.Save(path, f))
		got, _, err := Load(path)
		require.Nil(t, got)
		require.ErrorContains(t, err, path)
		return err
	}
	wide, deep, other := fileConfigs[0], fileConfigs[0], fileConfigs[0]
	wide.Width, other.Classes = 1<<20, 4
	deep.Depth, deep.Blocks = 0, []int{1 << 30, 1 << 30}
	require.ErrorIs(t, load(file(wide, "resnet")), errLarge)
	require.ErrorIs(t, load(file(deep, "resnet")), errLarge)
	require.ErrorContains(t, load(file(other, "resnet")), "they are for 3 classes, the model for 4")
	require.ErrorContains(t, load(file(Config{Depth: 8, Classes: 3, Width: 1 << 21}, "resnet")), "resnet: Config.Width is 2097152")
	require.ErrorContains(t, load(file(Config{Depth: 9, Classes: 3}, "resnet")), "resnet: Config.Depth is 9")
	require.ErrorContains(t, load(file(Config{Depth: 8, Classes: 3, Image: Shape{1 << 30, 1, 1}}, "resnet")), "resnet: Config.Image is")
	large := fileConfigs[0]
	large.Image.Height, large.Image.Width = 4096, 1025
	require.ErrorContains(t, load(file(large, "resnet")), "want at most 4194304 pixels in a file")
	require.ErrorContains(t, load(file(fileConfigs[0], "boost")), `the file is of a model of package "boost", not "resnet"`)
	require.ErrorContains(t, load(file(7, "resnet")), "configuration")
	require.ErrorContains(t, load(&weights.File{Tensors: map[string]*tensor.Tensor{"a": tensor.New(1)}}), "not a net of this package")
	require.ErrorContains(t, load(&weights.File{Tensors: map[string]*tensor.Tensor{"a": tensor.New(1), weights.Optimizer + "a.momentum_buffer": tensor.New(1)}}),
		"a trainer's checkpoint of a model that does not describe itself: make that model and fill it by train.LoadModel: resnet: not a net")
	_, _, err = Load(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Whatever the metadata say, there is a net of the tensors beside them, or an error.
func FuzzConfigOfAFile(f *testing.F) {
	n, err := New(fileConfigs[0], rand.New(rand.NewPCG(1, 2)))
	require.NoError(f, err)
	tensors := weights.FromState(nn.State(n))
	for _, cfg := range fileConfigs {
		meta, err := data.Card{Classes: []string{"a", "b", "c"}}.Describe("resnet", cfg)
		require.NoError(f, err)
		for key, text := range meta {
			f.Add(key, text)
		}
	}
	f.Fuzz(func(t *testing.T, key, text string) {
		got, _, err := FromFile(&weights.File{Tensors: tensors, Meta: map[string]string{key: text}})
		if err == nil {
			require.Equal(t, len(tensors), len(weights.FromState(nn.State(got))))
		}
	})
}

// A file without a configuration is one of a net as others have it.
func TestLoadRecognises(t *testing.T) {
	n, err := New(Config{Kind: Original, Depth: 8, Width: 4, Classes: 3}, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	require.Nil(t, n.Recognised())
	path := filepath.Join(t.TempDir(), "net.safetensors")
	require.NoError(t, weights.Save(path, &weights.File{Tensors: weights.FromState(nn.State(n))}))
	got, card, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, data.Card{}, card)
	require.Equal(t, n.Config(), got.Config())
	require.Len(t, got.Recognised().Assumed, 3)
	require.True(t, tensor.Equal(n.parts[0].Module.(*nn.Conv2D).Weight.Value, got.parts[0].Module.(*nn.Conv2D).Weight.Value))
}

// Whatever the names and shapes are, there is a net or an error, and memory is bounded by the file's.
func FuzzRecognise(f *testing.F) {
	for _, cfg := range fileConfigs {
		n, err := New(cfg, rand.New(rand.NewPCG(1, 2)))
		require.NoError(f, err)
		var text strings.Builder
		for name, t := range weights.FromState(nn.State(n)) {
			fmt.Fprintln(&text, name, strings.Trim(fmt.Sprint(t.Shape()), "[]"))
		}
		f.Add(text.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, left := &weights.File{Tensors: map[string]*tensor.Tensor{}}, 1<<20
		for line := range strings.Lines(text) {
			fields := strings.Fields(line)
			var shape []int
			n := 1
			for i := 1; i < len(fields); i++ {
				side, err := strconv.Atoi(fields[i])
				if err != nil || side < 0 || side > 1<<20 || len(shape) == 4 {
					return
				}
				if n *= side; n > left {
					return
				}
				shape = append(shape, side)
			}
			if len(fields) > 0 {
				left -= n
				file.Tensors[fields[0]] = tensor.New(shape...)
			}
		}
		r, err := Recognise(file)
		if err != nil {
			return
		}
		_ = r.String()
		if n, err := r.Net(); err == nil {
			require.NotZero(t, n.Len())
		}
	})
}
