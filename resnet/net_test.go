package resnet_test

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// network is what package unravel asks of a network, written out so that resnet need not import it.
type network interface {
	Len() int
	Stem(x *autograd.Var) *autograd.Var
	Skip(i int, x *autograd.Var) *autograd.Var
	Branch(i int, x *autograd.Var) *autograd.Var
	Join(i int, skip, branch *autograd.Var) *autograd.Var
	Head(y *autograd.Var) *autograd.Var
	Sums(i int) bool
}

var (
	_ network   = (*resnet.Net)(nil)
	_ nn.Module = (*resnet.Net)(nil)
)

// tiny lists small networks of every kind.
func tiny() map[string]resnet.Config {
	base := resnet.Config{Blocks: []int{2, 1, 1}, Width: 4, Classes: 5}
	base.Image = resnet.Shape{Height: 9, Width: 8, Channels: 3}
	out := map[string]resnet.Config{}
	for name, vary := range map[string]func(*resnet.Config){
		"preactivation-A":            func(c *resnet.Config) {},
		"preactivation-B":            func(c *resnet.Config) { c.Shortcut = resnet.OptionB },
		"original-A":                 func(c *resnet.Config) { c.Kind = resnet.Original },
		"original-B":                 func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Original, resnet.OptionB },
		"preactivation-C":            func(c *resnet.Config) { c.Shortcut = resnet.OptionC },
		"original-C":                 func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Original, resnet.OptionC },
		"preactivation-bottleneck-A": func(c *resnet.Config) { c.Bottleneck = true },
		"preactivation-bottleneck-B": func(c *resnet.Config) { c.Bottleneck, c.Shortcut = true, resnet.OptionB },
		"original-bottleneck-B":      func(c *resnet.Config) { c.Kind, c.Bottleneck, c.Shortcut = resnet.Original, true, resnet.OptionB },
		"original-bottleneck-C":      func(c *resnet.Config) { c.Kind, c.Bottleneck, c.Shortcut = resnet.Original, true, resnet.OptionC },
		"plain-bottleneck":           func(c *resnet.Config) { c.Kind, c.Bottleneck = resnet.Plain, true },
		"imagenet": func(c *resnet.Config) {
			image := resnet.Shape{Height: 33, Width: 32, Channels: 3}
			*c = resnet.ResNet50(5)
			c.Blocks, c.Width, c.Image = []int{2, 1, 1}, 4, image
		},
		"resnext": func(c *resnet.Config) {
			c.Kind, c.Bottleneck, c.Shortcut, c.Groups, c.GroupWidth = resnet.Original, true, resnet.OptionB, 2, 3
		},
		"original-centred":   func(c *resnet.Config) { c.Kind, c.Shortcut = resnet.Original, resnet.OptionACentred },
		"preactivation-bare": func(c *resnet.Config) { c.BareStem, c.Widen = true, 2 },
		"preactivation-activated": func(c *resnet.Config) {
			c.Shortcut, c.BareStem, c.ActivatedProjection, c.Widen = resnet.OptionB, true, true, 2
		},
		"preactivation-resnext": func(c *resnet.Config) {
			c.Bottleneck, c.Shortcut, c.Groups, c.GroupWidth = true, resnet.OptionB, 2, 3
		},
		"original-d": func(c *resnet.Config) {
			c.Kind, c.Shortcut, c.DeepStem, c.PooledProjection = resnet.Original, resnet.OptionB, true, true
			c.StemStride, c.StemPool = 2, true
		},
		"original-se": func(c *resnet.Config) { c.Kind, c.Attention = resnet.Original, resnet.SE },
		"original-eca": func(c *resnet.Config) {
			c.Kind, c.Bottleneck, c.Shortcut, c.Attention = resnet.Original, true, resnet.OptionB, resnet.ECA
		},
		"plain": func(c *resnet.Config) { c.Kind = resnet.Plain },
		"vgg":   func(c *resnet.Config) { c.Kind = resnet.VGG },
	} {
		c := base
		vary(&c)
		out[name] = c
		if c.Attention == "" { // which only nets with batch norm have
			c.WithoutBatchNorm = true
			out[name+"-nobn"] = c
		}
	}
	return out
}

func randomImages(rng *rand.Rand, n int, s resnet.Shape) *tensor.Tensor {
	x := tensor.New(n, s.Height, s.Width, s.Channels)
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	return x
}

// takenApart is the forward pass through a network's parts.
func takenApart(net network, x *autograd.Var) *autograd.Var {
	y := net.Stem(x)
	for i := range net.Len() {
		y = net.Join(i, net.Skip(i, y), net.Branch(i, y))
	}
	return net.Head(y)
}

// Two equal nets, one run as a whole and one through its parts, agree to the bit: logits, running
// statistics and gradients.
func TestForwardIsItsParts(t *testing.T) {
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			x := randomImages(newRand(), 3, config.Image)
			whole, parts := mustNew(t, config), mustNew(t, config)
			check := func(what string) {
				a, b := whole.Forward(autograd.Const(x)), takenApart(parts, autograd.Const(x))
				require.True(t, tensor.Equal(a.Value(), b.Value()), what)
			}
			check("evaluation")

			train := func(f func(*autograd.Var) *autograd.Var) *tensor.Tensor {
				tape := autograd.NewTape(1)
				y := f(tape.Input(x))
				tape.Backward(autograd.CrossEntropy(y, []int{0, 2, 4}, 0))
				return y.Value()
			}
			equal := tensor.Equal
			if config.ActivatedProjection { // gradients of skip and branch are added behind a norm, or before it
				equal = func(a, b *tensor.Tensor) bool {
					return tensor.Norm(tensor.Sub(nil, a, b)) <= 1e-5*tensor.Norm(a)
				}
			}
			a := train(whole.Forward)
			b := train(func(x *autograd.Var) *autograd.Var { return takenApart(parts, x) })
			require.True(t, tensor.Equal(a, b), "training")
			state, params := maps.Collect(nn.State(parts)), maps.Collect(nn.Params(parts))
			for name, x := range nn.State(whole) {
				require.True(t, tensor.Equal(x, state[name]), name)
			}
			for name, p := range nn.Params(whole) {
				require.True(t, equal(p.Grad, params[name].Grad), name)
			}
			check("evaluation with new statistics")
		})
	}
}

// Every skip, branch and join gives the shape that Block says, and deleting any one block leaves a
// network that runs.
func TestShapesAndDeletion(t *testing.T) {
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			net := mustNew(t, config)
			x := autograd.Const(randomImages(newRand(), 2, config.Image))
			y := net.Stem(x)
			for i := range net.Len() {
				b := net.Block(i)
				require.Equal(t, []int{2, b.In.Height, b.In.Width, b.In.Channels}, y.Shape())
				skip, branch := net.Skip(i, y), net.Branch(i, y)
				out := []int{2, b.Out.Height, b.Out.Width, b.Out.Channels}
				require.Equal(t, out, skip.Shape(), b.Name)
				require.Equal(t, out, branch.Shape(), b.Name)
				require.Equal(t, out, net.Join(i, nil, branch).Shape(), b.Name)
				require.Panics(t, func() { net.Join(i, nil, nil) })
				if b.In == b.Out && config.Shortcut != resnet.OptionC {
					require.Same(t, y, skip, "the identity copies nothing")
				}
				require.Equal(t, config.Kind != resnet.Plain && config.Kind != resnet.VGG, net.Sums(i))
				weights := ones(net.Len())
				weights[i] = 0
				require.Equal(t, []int{2, 5}, net.ForwardWeighted(x, weights).Shape())
				if config.Hidden == 0 {
					require.Equal(t, []int{2, 5}, net.NewHead(i, newRand()).Forward(y).Shape())
				}
				y = net.Join(i, skip, branch)
			}
			another := net.NewHead(net.Len(), newRand()).Forward(y)
			require.Equal(t, []int{2, 5}, another.Shape())
			require.NotEqual(t, net.Head(y).Value().Data(), another.Value().Data(), "it has weights of its own")
		})
	}
}

func ones(n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	return w
}

func TestJoin(t *testing.T) {
	a := autograd.Const(tensor.From([]float32{1, -2}, 1, 1, 1, 2))
	b := autograd.Const(tensor.From([]float32{-4, 1}, 1, 1, 1, 2))
	for kind, want := range map[resnet.Kind][3][]float32{
		resnet.PreActivation: {{-3, -1}, {1, -2}, {-4, 1}},
		resnet.Original:      {{0, 0}, {1, 0}, {0, 1}},
		resnet.Plain:         {{-4, 1}, {1, -2}, {-4, 1}},
		resnet.VGG:           {{-4, 1}, {1, -2}, {-4, 1}},
	} {
		t.Run("kind="+string(kind), func(t *testing.T) {
			net := mustNew(t, resnet.Config{Kind: kind, Blocks: []int{1}, Classes: 2})
			require.Equal(t, want[0], net.Join(0, a, b).Value().Data())
			require.Equal(t, want[1], net.Join(0, a, nil).Value().Data())
			require.Equal(t, want[2], net.Join(0, nil, b).Value().Data())
		})
	}
}

// Option A keeps every second pixel and appends zeros.
func TestOptionA(t *testing.T) {
	net := mustNew(t, resnet.Config{Blocks: []int{1, 1}, Width: 2, Classes: 2,
		Image: resnet.Shape{Height: 3, Width: 4, Channels: 1}})
	x := tensor.New(1, 3, 4, 2)
	for i := range x.Data() {
		x.Data()[i] = float32(i + 1)
	}
	got := net.Skip(1, autograd.Const(x)).Value()
	require.Equal(t, []int{1, 2, 2, 4}, got.Shape())
	require.Equal(t, []float32{1, 2, 0, 0, 5, 6, 0, 0, 17, 18, 0, 0, 21, 22, 0, 0}, got.Data())
}

// The derivative along random directions in the space of all parameters, by backpropagation, against
// the loss's slope. A direction may cross a kink of a ReLU, so the median over several has to agree.
func TestGradientOfTheWhole(t *testing.T) {
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			net, rng := mustNew(t, config), newRand()
			for _, x := range nn.State(net) { // biases of zero put dead inputs exactly on a kink
				for i := range x.Data() {
					x.Data()[i] += float32(0.1 * (rng.Float64() - 0.5))
				}
			}
			x := randomImages(rng, 6, config.Image)
			loss := func() (*autograd.Tape, *autograd.Var) {
				tape := autograd.NewTape(1)
				return tape, autograd.CrossEntropy(net.Forward(tape.Input(x)), []int{0, 1, 2, 3, 4, 0}, 0.1)
			}
			tape, at := loss()
			tape.Backward(at)
			var wrong []float64
			for range 7 {
				direction, slope := uphill(net, rng)
				// Steps that change the loss by about 3e-4: far above rounding, small beside curvature and kinks.
				h := float32(3e-4 / slope)
				move(direction, h)
				_, above := loss()
				move(direction, -2*h)
				_, below := loss()
				move(direction, h)
				got := float64(above.Value().Item()-below.Value().Item()) / float64(2*h)
				wrong = append(wrong, math.Abs(got/slope-1))
			}
			slices.Sort(wrong)
			require.Less(t, wrong[3], 0.02, "%v", wrong)
		})
	}
}

// uphill returns a direction for each parameter, half along the gradient so that the slope is not near
// zero, half random; and the slope of the loss along it.
func uphill(net *resnet.Net, rng *rand.Rand) (direction map[*autograd.Param]*tensor.Tensor, slope float64) {
	direction = map[*autograd.Param]*tensor.Tensor{}
	for _, p := range nn.Params(net) {
		d := tensor.New(p.Value.Shape()...)
		for i := range d.Data() {
			d.Data()[i] = float32(rng.NormFloat64() * tensor.Norm(p.Grad) / math.Sqrt(float64(d.Len())))
		}
		direction[p] = tensor.Add(d, d, p.Grad)
		slope += tensor.Dot(p.Grad, d)
	}
	return direction, slope
}

func move(direction map[*autograd.Param]*tensor.Tensor, step float32) {
	for p, d := range direction {
		tensor.AddScaled(p.Value, p.Value, step, d)
	}
}

func TestNames(t *testing.T) {
	has := func(t *testing.T, c resnet.Config, want ...string) {
		t.Helper()
		require.Subset(t, names(mustNew(t, c)), want)
	}
	t.Run("kind=preactivation", func(t *testing.T) {
		c := resnet.Config{Depth: 20, Classes: 10, Shortcut: resnet.OptionB}
		has(t, c, "conv1.weight", "bn1.running_var", "layer1.0.bn2.weight", "layer2.0.bn1.bias",
			"layer3.0.downsample.0.weight", "bn.weight", "fc.bias")
		require.NotContains(t, names(mustNew(t, c)), "layer1.0.bn1.weight", "the stem's norm serves")
	})
	t.Run("kind=original", func(t *testing.T) {
		has(t, resnet.Config{Kind: resnet.Original, Depth: 20, Classes: 10, Shortcut: resnet.OptionB},
			"layer1.0.bn1.weight", "layer2.0.downsample.1.running_mean", "layer3.2.conv2.weight")
	})
	t.Run("kind=vgg", func(t *testing.T) {
		has(t, resnet.Config{Kind: resnet.VGG, Depth: 15, Classes: 10},
			"features.0.weight", "features.1.running_mean", "features.40.weight", "classifier.0.weight", "classifier.2.bias")
	})
	t.Run("unique", func(t *testing.T) {
		for name, config := range tiny() {
			seen := map[string]bool{}
			for _, n := range names(mustNew(t, config)) {
				require.False(t, seen[n], "%s: %s", name, n)
				seen[n] = true
			}
		}
	})
}

// Without batch norm only the initial weights keep activations from exploding or dying out: through 110
// residual layers, and through convolutions on images so small that most of a filter lies on padding.
func TestDeepNetsWithoutBatchNormKeepTheirScale(t *testing.T) {
	for name, config := range map[string]resnet.Config{
		"preactivation": {Depth: 110, Width: 4, Image: resnet.Shape{Height: 8, Width: 8, Channels: 3}},
		"original":      {Kind: resnet.Original, Depth: 110, Width: 4, Image: resnet.Shape{Height: 8, Width: 8, Channels: 3}},
		"projections":   {Depth: 110, Width: 4, Shortcut: resnet.OptionC, Image: resnet.Shape{Height: 8, Width: 8, Channels: 3}},
		"bottlenecks":   {Kind: resnet.Original, Depth: 110, Bottleneck: true, Shortcut: resnet.OptionC, Width: 4, Image: resnet.Shape{Height: 8, Width: 8, Channels: 3}},
		"plain":         {Kind: resnet.Plain, Depth: 20, Width: 8, Image: resnet.Shape{Height: 28, Width: 28, Channels: 1}, StemStride: 2},
		"vgg":           {Kind: resnet.VGG, Depth: 15, Width: 8, Image: resnet.Shape{Height: 28, Width: 28, Channels: 1}, StemStride: 2},
	} {
		t.Run("net="+name, func(t *testing.T) {
			config.Classes, config.WithoutBatchNorm = 10, true
			net := mustNew(t, config)
			const n = 8
			logits := net.Forward(autograd.Const(randomImages(newRand(), n, config.Image))).Value()
			rms := tensor.Norm(logits) / math.Sqrt(float64(logits.Len()))
			require.Greater(t, rms, 0.05)
			require.Less(t, rms, 5.0)
		})
	}
}

func TestConcurrentEvaluation(t *testing.T) {
	config := tiny()["original-B"]
	net := mustNew(t, config)
	x := randomImages(newRand(), 2, config.Image)
	want := evaluate(net, x)
	results := make(chan *tensor.Tensor)
	for range 4 {
		go func() { results <- evaluate(net, x) }()
	}
	for range 4 {
		require.True(t, tensor.Equal(want, <-results))
	}
}

// batchNorms returns those of a net.
func batchNorms(net *resnet.Net) []*nn.BatchNorm2D {
	var norms []*nn.BatchNorm2D
	for _, m := range nn.Modules(net) {
		if b, ok := m.(*nn.BatchNorm2D); ok {
			norms = append(norms, b)
		}
	}
	return norms
}

// A twin has the weights of its net, in the same memory, and running statistics that change without the net's.
func TestTwin(t *testing.T) {
	for name, config := range tiny() {
		net := mustNew(t, config)
		rng := newRand()
		for _, b := range batchNorms(net) {
			b.Eps = 1e-3
			for c := range b.RunningVar.Len() {
				b.RunningMean.Set(float32(rng.NormFloat64()), c)
				b.RunningVar.Set(float32(1+rng.Float64()), c)
			}
		}
		x := randomImages(rng, 4, net.Config().Image)
		before := evaluate(net, x)
		twin := net.Twin()
		require.True(t, tensor.Equal(before, evaluate(twin, x)), name)
		require.NoError(t, nn.Recalibrate(t.Context(), twin, twin.Forward, x))
		require.True(t, tensor.Equal(before, evaluate(net, x)), name)
		require.Equal(t, config.WithoutBatchNorm, tensor.Equal(before, evaluate(twin, x)), name)
		twins := maps.Collect(nn.State(twin))
		for at, x := range nn.State(net) {
			x.Zero()
			running := strings.Contains(at, "running")
			require.Equal(t, running, tensor.Norm(twins[at]) > 0, "%s: %s", name, at)
			delete(twins, at)
		}
		require.Empty(t, twins, name)
	}
}
