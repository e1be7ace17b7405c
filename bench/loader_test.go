package bench_test

import (
	"bytes"
	"fmt"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
)

// photos returns n pictures of two classes, of a handful of JPEGs with slow changes and noise.
func photos(b *testing.B, n, height, width int) fstest.MapFS {
	rng := rand.New(rand.NewPCG(1, 2))
	var some [4]bytes.Buffer
	for i := range some {
		m := stdimage.NewRGBA(stdimage.Rect(0, 0, width, height))
		across, down := 20*rng.Float64()/float64(width), 20*rng.Float64()/float64(height)
		for p := range height * width {
			x, y := p%width, p/width
			level := func(c float64) uint8 {
				return uint8(128 + 90*math.Sin(across*float64(x)+down*float64(y)+c) + 4*rng.NormFloat64())
			}
			m.SetRGBA(x, y, color.RGBA{level(0), level(1), level(2), 255})
		}
		require.NoError(b, jpeg.Encode(&some[i], m, &jpeg.Options{Quality: 90}))
	}
	files := fstest.MapFS{}
	for i := range n {
		files[fmt.Sprintf("%c/%d.jpg", "ab"[i%2], i)] = &fstest.MapFile{Data: some[i%len(some)].Bytes()}
	}
	return files
}

// BenchmarkPhotos trains ResNet-20 on random crops of JPEGs that a loader decodes meanwhile. wait-% is how much of the time
// there is no batch to train on.
func BenchmarkPhotos(b *testing.B) {
	for _, size := range [][2]int{{32, 32}, {375, 500}, {1500, 2000}} {
		b.Run(fmt.Sprintf("size=%dx%d", size[0], size[1]), func(b *testing.B) {
			const batch = 128
			c := image.FolderConfig{Preset: image.Preset{Crop: 32}, Vary: func(m *image.Image, rng *rand.Rand) *image.Image {
				return image.RandomFlip(image.RandomResizedCrop(m, 32, 0.3, image.Bilinear, rng), rng)
			}}
			set, err := image.OpenFolder(b.Context(), photos(b, 16*batch, size[0], size[1]), c)
			require.NoError(b, err)
			loader, err := data.NewLoader(set, data.LoaderConfig{Batch: batch, Shuffle: true, Workers: parallel.Workers()})
			require.NoError(b, err)
			net, err := resnet.New(cifar(20), rand.New(rand.NewPCG(1, 1)))
			require.NoError(b, err)
			sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
			require.NoError(b, err)
			tape := autograd.NewTape(1)
			waited, before := time.Duration(0), time.Time{}
			for steps, warm := 0, false; steps < b.N; {
				before = time.Now()
				for data := range loader.Epoch(b.Context()) {
					require.NoError(b, data.Err)
					if waited += time.Since(before); !warm { // with the first batch the memory of all comes
						warm, waited = true, 0
						b.ResetTimer()
					} else if steps++; steps > b.N {
						break
					}
					tape.Reset()
					loss := autograd.CrossEntropy(net.Forward(tape.Input(data.X)), data.Labels, 0)
					autograd.ZeroGrad(sgd.Params())
					tape.Backward(loss)
					sgd.Step(0.01)
					before = time.Now()
				}
			}
			b.ReportMetric(100*waited.Seconds()/b.Elapsed().Seconds(), "wait-%")
		})
	}
}
