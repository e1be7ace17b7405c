package unravel

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// newDeepConvNet returns a pre-activation residual net of n blocks in three stages of 8, 16 and 32
// channels for images [N, 16, 16, 8].
func newDeepConvNet(n int) *toy {
	rng := rand.New(rand.NewPCG(1, 1))
	conv := func(in, out, size, stride int) func(*autograd.Var) *autograd.Var {
		w := autograd.NewParam("w", normal(rng, 0.5/math.Sqrt(float64(in*size*size)), size, size, in, out))
		return func(y *autograd.Var) *autograd.Var {
			return autograd.Conv2D(y, w.On(y), tensor.ConvSpec{Stride: stride, Pad: size / 2})
		}
	}
	norm := func(c int) func(*autograd.Var) *autograd.Var {
		scale := autograd.NewParam("scale", tensor.Full(1, c))
		shift := autograd.NewParam("shift", normal(rng, 0.1, c))
		return func(y *autograd.Var) *autograd.Var { return autograd.ScaleShift(y, scale.On(y), shift.On(y), true) }
	}
	t := &toy{stem: func(x *autograd.Var) *autograd.Var { return x }}
	c := 8
	for i := range n {
		in, stride := c, 1
		if i > 0 && i%(n/3) == 0 {
			c, stride = 2*c, 2
		}
		b := toyBlock{branch: chain(norm(in), conv(in, c, 3, stride), norm(c), conv(c, c, 3, 1))}
		if stride == 2 {
			b.skip = conv(in, c, 1, 2)
		}
		t.blocks = append(t.blocks, b)
	}
	t.head = chain(norm(c), autograd.GlobalAvgPool, dense(rng, c, 10, 1, 0.1))
	return t
}

// per reports how often unit fits into the time of one iteration of b.
func per(b *testing.B, name string, unit func()) {
	unit()
	const repeats = 3
	start := time.Now()
	for range repeats {
		unit()
	}
	one := time.Since(start).Seconds() / repeats
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/one, name)
}

// BenchmarkGradientByLength reports the cost in ordinary backward passes, which include the weights'
// gradients.
func BenchmarkGradientByLength(b *testing.B) {
	net := newDeepConvNet(54)
	batch := randomBatch(rand.New(rand.NewPCG(2, 2)), 10, 16, 16, 16, 8)
	for b.Loop() {
		if _, err := GradientByLength(context.Background(), net, batch, -1, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	var backward time.Duration
	tape := evaluationTape()
	const repeats = 5
	for i := range repeats + 1 {
		tape.Reset()
		loss := autograd.CrossEntropy(Forward(net, tape.Input(batch.X)), batch.Labels, 0)
		start := time.Now()
		tape.Backward(loss)
		if i > 0 {
			backward += time.Since(start)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/(backward.Seconds()/repeats), "backwards")
}

// BenchmarkEvaluate reports the cost of sweeps relative to one full forward pass per plan.
func BenchmarkEvaluate(b *testing.B) {
	for _, c := range []struct {
		name  string
		n     int
		plans []Plan
	}{{"single/n=54", 54, DeleteEach(54)}, {"pairs/n=18", 18, DeletePairs(18)}} {
		b.Run("sweep="+c.name, func(b *testing.B) {
			net := newDeepConvNet(c.n)
			batch := randomBatch(rand.New(rand.NewPCG(2, 2)), 10, 16, 16, 16, 8)
			s := Study{Net: net, Batches: []Batch{batch}}
			for b.Loop() {
				if _, err := s.Evaluate(context.Background(), c.plans); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			per(b, "of-naive", func() {
				for range c.plans {
					Forward(net, autograd.Const(batch.X))
				}
			})
		})
	}
}
