package image_test

import (
	"bytes"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/image"
)

// scene returns a picture with what compresses well and what does not: colours that change slowly, and noise.
func scene(side int, rng *rand.Rand) stdimage.Image {
	m := stdimage.NewRGBA(stdimage.Rect(0, 0, side, side))
	level := func(phase float64) uint8 { return uint8(128 + 90*math.Sin(phase) + 12*rng.NormFloat64()) }
	a, b := 0.3*rng.Float64(), 0.3*rng.Float64()
	for y := range side {
		for x := range side {
			phase := a*float64(x) + b*float64(y)
			m.SetRGBA(x, y, color.RGBA{level(phase), level(phase + 1), level(phase + 2), 255})
		}
	}
	return m
}

// BenchmarkRead reads 128 pictures of 32x32 in one call, a batch for a net for small images: what they cost beside a
// training step of BenchmarkStep in bench, with net=resnet20/batch=128/workers=1.
func BenchmarkRead(b *testing.B) {
	plain := image.FolderConfig{Preset: image.Preset{Crop: 32}}
	varied := plain
	varied.Vary = func(m *image.Image, rng *rand.Rand) *image.Image {
		return image.TrivialAugment(image.RandomResizedCrop(m, 32, 0.5, image.Bilinear, rng), rng)
	}
	asJPEG := func(w io.Writer, m stdimage.Image) error { return jpeg.Encode(w, m, &jpeg.Options{Quality: 90}) }
	for _, c := range []struct {
		name   string
		suffix string
		encode func(io.Writer, stdimage.Image) error
		config image.FolderConfig
	}{{"jpeg", "jpg", asJPEG, plain}, {"jpeg-varied", "jpg", asJPEG, varied}, {"png", "png", png.Encode, plain}} {
		b.Run("files="+c.name, func(b *testing.B) {
			rng := rand.New(rand.NewPCG(1, 2))
			files := fstest.MapFS{}
			for i := range 128 {
				var file bytes.Buffer
				require.NoError(b, c.encode(&file, scene(32, rng)))
				files[fmt.Sprintf("%c/%d.%s", "ab"[i%2], i, c.suffix)] = &fstest.MapFile{Data: file.Bytes()}
			}
			set, err := image.OpenFolder(b.Context(), files, c.config)
			require.NoError(b, err)
			for b.Loop() {
				for i := range set.Len() {
					_, err := set.Read(i, rng)
					require.NoError(b, err)
				}
			}
		})
	}
}
