package train_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// Without random numbers and batch statistics, it makes no difference but for rounding how many parts a batch is cut
// into, of equal size or not.
func TestMicroBatchesAddUpToTheBatch(t *testing.T) {
	run := func(parts int) (_ nn.Module, _ []train.Epoch, loss float64) {
		rng := rand.New(rand.NewPCG(5, 5))
		model := nn.Sequential{nn.NewConv2D(1, 4, tensor.Both(3), tensor.ConvSpec{}, rng), nn.ReLU{}, nn.GlobalAvgPool{}, nn.NewLinear(4, 3, rng)}
		tr := newTrainer("", "")
		tr.Model, tr.Optimizer, tr.MicroBatches = model, sgd(model, optim.SGDConfig{Momentum: 0.9}), parts
		tr.Each = func(s train.Step) { loss += s.Loss }
		history, err := tr.Run(t.Context())
		require.NoError(t, err)
		return model, history, loss
	}
	model, history, loss := run(1)
	for _, parts := range []int{2, 3, 5, 8} { // the last batch has 3 images
		m, h, l := run(parts)
		require.InDelta(t, loss, l, 1e-4)
		for name, want := range nn.State(model) {
			for other, got := range nn.State(m) {
				if other == name {
					require.InDeltaSlice(t, want.Data(), got.Data(), 1e-5, name)
				}
			}
		}
		for i := range h {
			require.Equal(t, history[i].Train.Correct, h[i].Train.Correct)
			require.InDelta(t, history[i].Train.LossSum, h[i].Train.LossSum, 1e-4)
		}
	}
}

// Running statistics go the weighted mean of the ways of the parts, each from where they were before the step.
func TestMicroBatchesMoveRunningStatisticsByTheMean(t *testing.T) {
	set := stripes(7)
	tr := newTrainer("sgd", "")
	tr.Loader, tr.MicroBatches, tr.Epochs, tr.Valid = newLoader(set, data.LoaderConfig{Batch: 7, Norm: set.Norm()}), 3, 1, nil
	_, err := tr.Run(t.Context())
	require.NoError(t, err)

	want := make([]float64, 4)
	batch := set.Batch(set.Norm(), 0, 7)
	for i, size := range []float64{3, 2, 2} {
		n, part := newNet(), batch.Part(i, 3)
		n.Forward(autograd.NewTape(1).Input(part.X))
		for c, v := range n.bn.RunningVar.Data() {
			want[c] += size / 7 * float64(v)
		}
	}
	for c, v := range tr.Model.(*net).bn.RunningVar.Data() {
		require.InDelta(t, want[c], v, 1e-6)
	}
}

// Each part draws random numbers of its own, and a step draws others than the one before.
func TestMicroBatchesDraw(t *testing.T) {
	drawn := map[uint64]int{}
	tr := newTrainer("sgd", "")
	n := newNet()
	tr.Model, tr.Optimizer = &drawing{net: n, drawn: drawn}, sgd(n, optim.SGDConfig{})
	tr.MicroBatches, tr.Valid = 4, nil
	_, err := tr.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, drawn, 4*(5*4+3)+1) // of four epochs, and that of New
}

// drawing is a net that notes what it draws first.
type drawing struct {
	*net
	drawn map[uint64]int
}

func (d *drawing) Forward(x *autograd.Var) *autograd.Var {
	if t := x.Tape(); t != nil {
		d.drawn[t.Rand().Uint64()]++
	}
	return d.net.Forward(x)
}

func TestMicroBatchesThatCannotBe(t *testing.T) {
	for says, spoil := range map[string]func(*trainer){
		"train: Config.MicroBatches is -1: want a number of parts":              func(tr *trainer) { tr.MicroBatches = -1 },
		"train: Config.MicroBatches is 9: want at most the 8 images of a batch": func(tr *trainer) { tr.MicroBatches = 9 },
		"train: Config.MicroBatches is 1: want at least one for each of 2 ranks": func(tr *trainer) {
			tr.Ranks = newJob(2)[0]
		},
		"train: Config.MicroBatches is 8: 43 images in batches of 8, the last one of 3, leave one for some of their parts": func(tr *trainer) {
			tr.Model, tr.MicroBatches = onePixel(), 8
			tr.Optimizer = sgd(tr.Model, optim.SGDConfig{})
		},
	} {
		t.Run(says, func(t *testing.T) {
			tr := newTrainer("sgd", "")
			spoil(tr)
			requireRefused(t, tr, says)
		})
	}

	path := filepath.Join(t.TempDir(), "net.safetensors")
	runUntil(t, parted("sgd", path), 3)
	tr := newTrainer("sgd", path)
	require.EqualError(t, tr.Resume(), "train: checkpoint "+path+": its batches were cut into 4 micro-batches, now into 1")
}
