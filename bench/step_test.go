// Package bench_test measures whole training steps. Kernels and ops have benchmarks in their packages;
// compare measures against other libraries.
package bench_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// cifar describes a net for images of 32x32.
func cifar(depth int) resnet.Config {
	return resnet.Config{Kind: resnet.Original, Depth: depth, Classes: 10}
}

// small lets an ImageNet model take small images.
func small(c resnet.Config) resnet.Config {
	c.Image = resnet.Shape{Height: 64, Width: 64, Channels: 3}
	return c
}

// stepper returns a training step: forward, backward and update, on one random batch.
func stepper(tb testing.TB, config resnet.Config, batch int) func() float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	net, err := resnet.New(config, rng)
	require.NoError(tb, err)
	image := net.Config().Image
	x, labels := tensor.New(batch, image.Height, image.Width, image.Channels), make([]int, batch)
	for i := range x.Data() {
		x.Data()[i] = 2*rng.Float32() - 1
	}
	for i := range labels {
		labels[i] = rng.IntN(10)
	}
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9, WeightDecay: 1e-4})
	require.NoError(tb, err)
	tape := autograd.NewTape(1)
	return func() float32 {
		tape.Reset()
		loss := autograd.CrossEntropy(net.Forward(tape.Input(x)), labels, 0)
		value := loss.Value().Item()
		autograd.ZeroGrad(sgd.Params())
		tape.Backward(loss)
		sgd.Step(0.01)
		return value
	}
}

func BenchmarkStep(b *testing.B) {
	for _, net := range []struct {
		name   string
		config resnet.Config
		batch  int
	}{
		{"resnet20", cifar(20), 128}, {"resnet56", cifar(56), 128}, {"resnet110", cifar(110), 128},
		{"resnet18-224", resnet.ResNet18(1000), 16}, {"resnet50-224", resnet.ResNet50(1000), 16},
	} {
		for workers := 1; workers <= max(2, runtime.GOMAXPROCS(0)); workers *= 2 {
			b.Run(fmt.Sprintf("net=%s/batch=%d/workers=%d/impl=%v", net.name, net.batch, workers, cpu.Active()), func(b *testing.B) {
				defer parallel.SetWorkers(workers)()
				step := stepper(b, net.config, net.batch)
				step()
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				b.ReportMetric(float64(net.batch*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}

func TestStepsLearn(t *testing.T) {
	step := stepper(t, cifar(8), 8)
	first := step()
	for range 10 {
		step()
	}
	require.Less(t, step(), first)
}

var race bool

// After the first step, nothing that grows with the batch is allocated.
func TestStepAllocatesLittle(t *testing.T) {
	if race {
		t.Skip("pools are not reliable under the race detector")
	}
	for name, config := range map[string]resnet.Config{
		"resnet20": cifar(20), "resnet110": cifar(110), "resnet18": small(resnet.ResNet18(10)), "resnet50": small(resnet.ResNet50(10)),
	} {
		t.Run("net="+name, func(t *testing.T) {
			step := stepper(t, config, 4)
			step()
			require.Less(t, testing.AllocsPerRun(3, func() { step() }), 200.0)

			// The garbage collector or a step on another core may find a kernel's pool empty: not every step.
			const image = 32 * 32 * 3 * 4
			least := uint64(math.MaxUint64)
			for tries := 0; tries < 20 && least >= image; tries++ {
				least = min(least, allocated(func() { step() }))
			}
			require.Less(t, least, uint64(image), "bytes")
		})
	}
}

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
