package boost

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

var _ nn.Module = (*Ensemble)(nil)

// ensembles are fitted ones of every kind, and inputs for them.
func ensembles(t testing.TB) map[string]struct {
	e *Ensemble
	d Data
} {
	t.Helper()
	out := map[string]struct {
		e *Ensemble
		d Data
	}{}
	training := Training{Epochs: 10, Batch: 16, Rate: 0.01}
	mlp, conv := MLP{Hidden: 5, Training: training}, Conv{Channels: 2, Hidden: 6, Training: training}
	flat, square := blobs(t, 30, 3, 1), images(t, 60, 1)
	for name, c := range map[string]Config{
		"line":         {Learner: line{}},
		"mlp":          {Learner: mlp},
		"mlp/chained":  {Learner: mlp, Chained: true},
		"conv":         {Learner: conv},
		"conv/chained": {Learner: conv, Chained: true},
		"tree":         {Learner: Tree{Depth: 3, L2: 1}, Newton: true},
		"linear":       {Learner: Linear{}},
		"random":       {Learner: RandomFeatures{Width: 4}},
		"soft":         {Learner: SoftTrees{Trees: 2, Depth: 3, Training: training}},
		"soft/chained": {Learner: SoftTrees{Trees: 2, Depth: 2, Training: training}, Chained: true},
	} {
		d := flat
		if strings.HasPrefix(name, "conv") {
			d = square
		}
		c.Loss, c.Stages, c.Rate = Softmax{}, 5, 0.5
		e, err := Fit(context.Background(), d, c)
		require.NoError(t, err)
		out[name] = struct {
			e *Ensemble
			d Data
		}{e, d}
	}
	return out
}

func TestNetworkEqualsPrediction(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			want := c.e.Predict(c.d.X)
			requireClose(t, want, chain(c.e, c.d.X, ascending(c.e.Len())), 1e-5)
			requireClose(t, want, c.e.Forward(autograd.Const(c.d.X)).Value(), 1e-5)
			onTape := autograd.NewTape(1).Input(c.d.X)
			requireClose(t, want, c.e.Forward(onTape).Value(), 1e-5)
			n := c.d.X.Dim(0)
			requireClose(t, want, c.e.Predict(c.d.X.Reshape(n, -1)), 0)
			for m, f := range c.e.Staged(c.d.X) {
				requireClose(t, f, chain(c.e, c.d.X, ascending(m)), 1e-5)
			}
			require.Equal(t, want.Dim(1), c.e.Outputs())
			for m := range c.e.Len() {
				require.True(t, c.e.Sums(m))
				y := c.e.Stem(autograd.Const(c.d.X))
				require.Same(t, y, c.e.Skip(m, y), "identity")
				branch := c.e.Branch(m, y)
				require.Same(t, branch, c.e.Join(m, nil, branch))
				require.Equal(t, y.Shape(), branch.Shape())
				require.Zero(t, tensor.Norm(tensor.SliceAxis(nil, branch.Value(), 1, 0, c.e.inputs)), "inputs stay")
			}
		})
	}
}

func TestScoresAreTheSumOfStages(t *testing.T) {
	for name, c := range ensembles(t) {
		if c.e.features > 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			sum := tensor.BroadcastTo(nil, c.e.start, c.d.Y.Shape()...)
			for m, s := range c.e.stages {
				h := s.learner.Forward(autograd.Const(c.d.X)).Value()
				sum = tensor.AddScaled(nil, sum, float32(c.e.Scale(m)), h)
			}
			requireClose(t, sum, c.e.Predict(c.d.X), 1e-5)
		})
	}
}

func TestDeletion(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			all := c.e.Predict(c.d.X)
			for m, s := range c.e.stages {
				without := chain(c.e, c.d.X, ascending(c.e.Len()), m)
				require.False(t, tensor.AllClose(all, without, 1e-3, 1e-3))
				if c.e.features == 0 {
					h := s.learner.Forward(autograd.Const(c.d.X)).Value()
					requireClose(t, tensor.AddScaled(nil, all, -float32(c.e.Scale(m)), h), without, 1e-5)
				}
			}
		})
	}
}

// The trap: an order study of a plain ensemble measures rounding, and nothing else.
func TestOrderMattersOnlyWhenChained(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			all := c.e.Predict(c.d.X)
			order := ascending(c.e.Len())
			slices.Reverse(order)
			reversed := chain(c.e, c.d.X, order)
			if strings.HasSuffix(name, "chained") {
				require.False(t, tensor.AllClose(all, reversed, 1e-3, 1e-3))
			} else {
				requireClose(t, all, reversed, 1e-5)
			}
		})
	}
}

// A path through two branches carries no gradient in a plain ensemble: what one branch writes, no
// other reads. In a chained one it does.
func TestPathsThroughTwoBranches(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			tape := autograd.NewTape(1)
			y := c.e.Stem(autograd.Const(c.d.X)).Value()
			x := tape.Input(y)
			first := c.e.Branch(1, x)
			// Only the path through both branches: the second one sees x + f(x) with x held fixed.
			second := c.e.Branch(2, autograd.Add(autograd.Const(y), first))
			g := autograd.VJP(autograd.Sum(autograd.Square(second)), nil, x)[0].Value()
			if strings.HasSuffix(name, "chained") {
				require.Positive(t, tensor.Norm(g))
			} else {
				require.Zero(t, tensor.Norm(g))
			}
		})
	}
}

func TestState(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for name := range nn.State(c.e) {
				require.False(t, seen[name], name)
				seen[name] = true
			}
			require.True(t, seen["start"] && seen["stages.4.scale"])
			require.Equal(t, name != "line" && name != "tree", seen["stages.4.output.weight"])
		})
	}
}

func TestConcurrentPrediction(t *testing.T) {
	for name, c := range ensembles(t) {
		t.Run(name, func(t *testing.T) {
			want := c.e.Predict(c.d.X)
			got := make(chan *tensor.Tensor)
			for range 4 {
				go func() { got <- c.e.Predict(c.d.X) }()
			}
			for range 4 {
				require.True(t, tensor.Equal(want, <-got))
			}
		})
	}
}

func TestWrongWidthPanics(t *testing.T) {
	d := blobs(t, 10, 2, 1)
	e, err := Fit(context.Background(), d, Config{Loss: Softmax{}, Learner: line{}, Stages: 1, Rate: 1})
	require.NoError(t, err)
	x := tensor.New(4, 3)
	require.PanicsWithValue(t, "boost: Stem: [4 3]: fitted on rows of shape [2]", func() { e.Stem(autograd.Const(x)) })
	require.PanicsWithValue(t, "boost: Predict: [4 3]: fitted on rows of shape [2]", func() { e.Predict(x) })
}
