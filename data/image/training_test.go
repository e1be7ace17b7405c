package image_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	stdimage "image"
	"image/color"
	"image/png"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// stripes has n pictures of each of two classes, stripes across and stripes down, of many sizes and colours.
func stripes(t *testing.T, n int) fstest.MapFS {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	files := fstest.MapFS{}
	for class, name := range []string{"across", "down"} {
		for i := range n {
			m := stdimage.NewRGBA(stdimage.Rect(0, 0, 14+rng.IntN(9), 14+rng.IntN(9)))
			dark := color.RGBA{uint8(rng.IntN(100)), uint8(rng.IntN(100)), uint8(rng.IntN(100)), 255}
			light := color.RGBA{dark.R + 120, dark.G + 120, dark.B + 120, 255}
			for y := range m.Rect.Dy() {
				for x := range m.Rect.Dx() {
					m.SetRGBA(x, y, dark)
					if []int{y, x}[class]%6 < 3 {
						m.SetRGBA(x, y, light)
					}
				}
			}
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, m))
			files[fmt.Sprintf("%s/%d.png", name, i)] = &fstest.MapFile{Data: b.Bytes()}
		}
	}
	return files
}

// A net learns from a folder, varied, erased and mixed, and a run that is stopped ends with the bits of one that is not.
func TestTrainingOnAFolder(t *testing.T) {
	folder := image.FolderConfig{
		Preset: image.Preset{Resize: 14, Crop: 12},
		Vary: func(m *image.Image, rng *rand.Rand) *image.Image {
			m = image.RandomResizedCrop(m, 12, 0.5, image.Bilinear, rng)
			return image.Jitter{Brightness: 0.2, Contrast: 0.2, Saturation: 0.2, Hue: 0.1}.Vary(image.RandomFlip(m, rng), rng)
		},
	}
	files, tests := stripes(t, 24), stripes(t, 8)
	trainer := func(checkpoint string, workers int, onEpoch func(train.Epoch) error) (*train.Trainer, nn.Module) {
		set, err := image.OpenFolder(t.Context(), files, folder)
		require.NoError(t, err)
		valid, err := image.OpenFolder(t.Context(), tests, image.FolderConfig{Preset: folder.Preset, Classes: set.Classes()})
		require.NoError(t, err)
		loader, err := data.NewLoader(set, data.LoaderConfig{
			Batch: 8, Shuffle: true, Workers: workers, Augment: data.Augment{Erase: 0.1}, Mix: data.Mix{MixUp: 0.1},
			Norm: data.Norm{Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25}},
		})
		require.NoError(t, err)
		net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Classes: 2, Image: resnet.Shape{Height: 12, Width: 12, Channels: 3}}, rand.New(rand.NewPCG(1, 2)))
		require.NoError(t, err)
		sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
		require.NoError(t, err)
		tr, err := train.New(net, loader, sgd, train.Config{
			Schedule: optim.Constant(0.05), Epochs: 6, Valid: valid, Checkpoint: checkpoint, OnEpoch: onEpoch,
		})
		require.NoError(t, err)
		return tr, net
	}
	whole, want := trainer("", 1, nil)
	epochs, err := whole.Run(t.Context())
	require.NoError(t, err)
	require.GreaterOrEqual(t, epochs[5].Valid.Correct, 15, "%v", epochs[5])

	path := filepath.Join(t.TempDir(), "net.safetensors")
	enough := errors.New("enough")
	first, _ := trainer(path, 3, func(e train.Epoch) error {
		if e.Number == 2 {
			return enough
		}
		return nil
	})
	_, err = first.Run(context.Background())
	require.ErrorIs(t, err, enough)
	second, got := trainer(path, 2, nil)
	require.NoError(t, second.Resume())
	resumed, err := second.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, epochs, resumed)
	state := maps.Collect(nn.State(got))
	for name, x := range nn.State(want) {
		require.True(t, tensor.Equal(x, state[name]), name)
	}
}
