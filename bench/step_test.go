// Package bench_test measures whole training steps. Kernels and ops have benchmarks in their packages;
// compare measures against other libraries.
package bench_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// stepper returns a training step of a CIFAR net: forward, backward and update, on one random batch.
func stepper(tb testing.TB, depth, batch int) func() float32 {
	rng := rand.New(rand.NewPCG(1, 1))
	net, err := resnet.New(resnet.Config{Kind: resnet.Original, Depth: depth, Classes: 10}, rng)
	require.NoError(tb, err)
	x, labels := tensor.New(batch, 32, 32, 3), make([]int, batch)
	for i := range x.Data() {
		x.Data()[i] = 2*rng.Float32() - 1
	}
	for i := range labels {
		labels[i] = rng.IntN(10)
	}
	sgd := &optim.SGD{Params: net.Params(), Momentum: 0.9, WeightDecay: 1e-4}
	tape := autograd.NewTape(1)
	return func() float32 {
		tape.Reset()
		loss := autograd.CrossEntropy(net.Forward(tape.Input(x)), labels, 0)
		value := loss.Value().Item()
		autograd.ZeroGrad(sgd.Params)
		tape.Backward(loss)
		sgd.Step(0.01)
		return value
	}
}

func BenchmarkStep(b *testing.B) {
	const batch = 128
	for _, depth := range []int{20, 56, 110} {
		for _, workers := range []int{1, 2} {
			b.Run(fmt.Sprintf("net=resnet%d/batch=%d/workers=%d/impl=%v", depth, batch, workers, cpu.Active()), func(b *testing.B) {
				defer parallel.SetWorkers(workers)()
				step := stepper(b, depth, batch)
				step()
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
				b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "images/s")
			})
		}
	}
}

func TestStepsLearn(t *testing.T) {
	step := stepper(t, 8, 8)
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
	step := stepper(t, 20, 4)
	step()
	require.Less(t, testing.AllocsPerRun(3, func() { step() }), 200.0)
}
