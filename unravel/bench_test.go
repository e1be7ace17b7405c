package unravel

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/resnet"
)

// newDeepNet returns the pre-activation ResNet-110, 54 blocks, for images of 28x28x1 and with 8 channels behind
// a stem of stride 2, and a batch for it.
func newDeepNet(images int) (*resnet.Net, data.Batch) {
	rng := rand.New(rand.NewPCG(1, 1))
	net := newResNet(rng, resnet.Config{
		Depth: 110, Width: 8, StemStride: 2, Image: resnet.Shape{Height: 28, Width: 28, Channels: 1}, Classes: 10,
	})
	return net, randomBatch(rng, 10, images, 28, 28, 1)
}

// compare runs ours and what it is measured by in turns, and reports the median of the ratios of their times as
// unit and the extremes as unit-min and unit-max. reference returns its own time, so that it may prepare.
func compare(b *testing.B, unit string, reference func() time.Duration, ours func()) {
	b.Helper()
	var ratios []float64
	for b.Loop() {
		one := reference()
		start := time.Now()
		ours()
		ratios = append(ratios, time.Since(start).Seconds()/one.Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], unit)
	b.ReportMetric(ratios[0], unit+"-min")
	b.ReportMetric(ratios[len(ratios)-1], unit+"-max")
}

// BenchmarkGradientByLength reports the cost of the gradients of all lengths in ordinary backward passes: from
// the loss to every weight and y_0, the forward pass not counted.
func BenchmarkGradientByLength(b *testing.B) {
	for _, images := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("n=54/images=%d", images), func(b *testing.B) {
			net, batch := newDeepNet(images)
			tape := evaluationTape()
			backward := func() time.Duration {
				tape.Reset()
				loss := autograd.CrossEntropy(Forward(net, tape.Input(batch.X)), batch.Labels, 0)
				start := time.Now()
				tape.Backward(loss)
				return time.Since(start)
			}
			compare(b, "backwards", backward, func() {
				if _, err := gradientOf(context.Background(), net, batch, 0); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}

// BenchmarkEvaluate reports the cost of sweeps relative to one full forward pass for each plan.
func BenchmarkEvaluate(b *testing.B) {
	for name, plans := range map[string][]Plan{"single": DeleteEach(ofLen(54)), "pairs": DeletePairs(ofLen(54))} {
		b.Run("sweep="+name+"/n=54", func(b *testing.B) {
			net, batch := newDeepNet(10)
			s := studyOf(net, batch)
			naive := func() time.Duration {
				start := time.Now()
				for range plans {
					Forward(net, autograd.Const(batch.X))
				}
				return time.Since(start)
			}
			compare(b, "of-naive", naive, func() {
				if _, err := s.Evaluate(context.Background(), plans); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
