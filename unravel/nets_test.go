package unravel

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// toy is a network made of functions, with every kind of block that the studies must handle.
type toy struct {
	stem, head func(*autograd.Var) *autograd.Var
	blocks     []toyBlock
}

type toyBlock struct {
	skip, branch func(*autograd.Var) *autograd.Var // nil skip: identity
	relu         bool                              // after the sum
	plain        bool                              // no sum
}

func (t *toy) Len() int                           { return len(t.blocks) }
func (t *toy) Sums(i int) bool                    { return !t.blocks[i].plain }
func (t *toy) Stem(x *autograd.Var) *autograd.Var { return t.stem(x) }
func (t *toy) Head(y *autograd.Var) *autograd.Var { return t.head(y) }
func (t *toy) Branch(i int, y *autograd.Var) *autograd.Var {
	return t.blocks[i].branch(y)
}
func (t *toy) Skip(i int, y *autograd.Var) *autograd.Var {
	if t.blocks[i].skip == nil {
		return y
	}
	return t.blocks[i].skip(y)
}
func (t *toy) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	b := t.blocks[i]
	z := branch
	switch {
	case branch == nil:
		z = skip
	case skip != nil && !b.plain:
		z = autograd.Add(skip, branch)
	}
	if b.relu {
		z = autograd.ReLU(z)
	}
	return z
}

func normal(rng *rand.Rand, std float64, shape ...int) *tensor.Tensor {
	t := tensor.New(shape...)
	for i := range t.Data() {
		t.Data()[i] = float32(std * rng.NormFloat64())
	}
	return t
}

// dense returns y -> y W + b with random weights of the given gain, b = 0 if bias is 0.
func dense(rng *rand.Rand, in, out int, gain, bias float64) func(*autograd.Var) *autograd.Var {
	w := autograd.NewParam(normal(rng, gain/math.Sqrt(float64(in)), in, out))
	b := autograd.NewParam(normal(rng, bias, out))
	return func(y *autograd.Var) *autograd.Var {
		z := autograd.MatMul(y, w.On(y), tensor.NN)
		if bias == 0 {
			return z
		}
		return autograd.Add(z, b.On(y))
	}
}

func chain(fs ...func(*autograd.Var) *autograd.Var) func(*autograd.Var) *autograd.Var {
	return func(y *autograd.Var) *autograd.Var {
		for _, f := range fs {
			y = f(y)
		}
		return y
	}
}

// newMLP returns a residual MLP of n blocks of width 5 for inputs [N, 4] and 3 classes. Every third block has a
// ReLU after its sum, every fourth a projection in its skip.
func newMLP(rng *rand.Rand, n int, gain, bias float64) *toy {
	const width = 5
	t := &toy{stem: dense(rng, 4, width, 1, bias), head: dense(rng, width, 3, 1, bias)}
	for i := range n {
		b := toyBlock{
			branch: chain(dense(rng, width, width, gain, bias), autograd.ReLU, dense(rng, width, width, gain, bias)),
			relu:   i%3 == 2,
		}
		if i%4 == 3 {
			b.skip = dense(rng, width, width, 1, bias)
		}
		t.blocks = append(t.blocks, b)
	}
	return t
}

// newConvNet returns a net for images [N, 6, 6, 2] and 3 classes with, in this order: a pre-activation block, an original block
// (ReLU after the sum), a pre-activation block with an option B shortcut to 3x3x4, an original block, an original block
// with an option A shortcut to 2x2x6, and a plain block.
func newConvNet(rng *rand.Rand) *toy {
	conv := func(in, out, size, stride int) func(*autograd.Var) *autograd.Var {
		w := autograd.NewParam(normal(rng, 1/math.Sqrt(float64(in*size*size)), size, size, in, out))
		return func(y *autograd.Var) *autograd.Var {
			return autograd.Conv2D(y, w.On(y), tensor.ConvSpec{Stride: tensor.Both(stride), Pad: tensor.Both(size / 2)})
		}
	}
	norm := func(c int) func(*autograd.Var) *autograd.Var { // batch norm in evaluation mode
		scale := autograd.NewParam(tensor.AddScalar(nil, normal(rng, 0.2, c), 1))
		shift := autograd.NewParam(normal(rng, 0.2, c))
		mean, variance := tensor.New(c), tensor.Full(1, c)
		return func(y *autograd.Var) *autograd.Var {
			n := autograd.Norm{X: y, Gamma: scale.On(y), Beta: shift.On(y), Mean: mean, Variance: variance}
			y, _, _ = autograd.BatchNorm(n, autograd.Then{})
			return y
		}
	}
	pre := func(in, out, stride int) func(*autograd.Var) *autograd.Var {
		return chain(norm(in), autograd.ReLU, conv(in, out, 3, stride), norm(out), autograd.ReLU, conv(out, out, 3, 1))
	}
	original := func(in, out, stride int) func(*autograd.Var) *autograd.Var {
		return chain(conv(in, out, 3, stride), norm(out), autograd.ReLU, conv(out, out, 3, 1), norm(out))
	}
	padded := func(y *autograd.Var) *autograd.Var {
		return autograd.PadAxis(autograd.SubsampleHW(y, 2), 3, 1, 1)
	}
	return &toy{
		stem: conv(2, 3, 3, 1),
		head: chain(norm(6), autograd.ReLU, autograd.GlobalAvgPool, dense(rng, 6, 3, 2, 0.1)),
		blocks: []toyBlock{
			{branch: pre(3, 3, 1)},
			{branch: original(3, 3, 1), relu: true},
			{branch: pre(3, 4, 2), skip: conv(3, 4, 1, 2)},
			{branch: original(4, 4, 1), relu: true},
			{branch: original(4, 6, 2), skip: padded, relu: true},
			{branch: chain(conv(6, 6, 3, 1), norm(6), autograd.ReLU), plain: true},
		},
	}
}

// newLinear returns the deep linear net y_{i+1} = y_i + y_i A_i without biases and its matrices A_i,
// with identities as stem and head.
func newLinear(rng *rand.Rand, n, width int, gain float64) (*toy, []*tensor.Tensor) {
	same := func(y *autograd.Var) *autograd.Var { return y }
	t := &toy{stem: same, head: same}
	var as []*tensor.Tensor
	for range n {
		a := normal(rng, gain/math.Sqrt(float64(width)), width, width)
		as = append(as, a)
		w := autograd.NewParam(a)
		t.blocks = append(t.blocks, toyBlock{branch: func(y *autograd.Var) *autograd.Var {
			return autograd.MatMul(y, w.On(y), tensor.NN)
		}})
	}
	return t, as
}

func randomBatch(rng *rand.Rand, classes int, shape ...int) data.Batch {
	b := data.Batch{X: normal(rng, 1, shape...)}
	for range shape[0] {
		b.Labels = append(b.Labels, rng.IntN(classes))
	}
	return b
}

// ofLen returns a network of n blocks that can do nothing but be counted, for plans.
func ofLen(n int) Network { return &toy{blocks: make([]toyBlock, n)} }

// studyOf returns a study with the usual options, and panics if there is none.
func studyOf(net Network, batches ...data.Batch) *Study {
	s, err := NewStudy(net, batches, Options{})
	if err != nil {
		panic(err)
	}
	return s
}

// gradientOf takes the gradient of one batch apart.
func gradientOf(ctx context.Context, net Network, b data.Batch, limit int) (*Gradient, error) {
	return studyOf(net, b).GradientByLength(ctx, GradientOptions{Limit: limit})
}
