package train_test

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// newResNet is a net with batch norms, alone and added to each other, whose blocks survive a step with that probability.
func newResNet(survival float64) nn.Module {
	return must(resnet.New(resnet.Config{
		Kind: resnet.Original, Depth: 8, Width: 4, Classes: 3, Shortcut: resnet.OptionB, Survival: survival,
		Image: resnet.Shape{Height: 6, Width: 6, Channels: 1},
	}, rand.New(rand.NewPCG(5, 5))))
}

// countGoroutines counts those that are there, without the workers of the pool, which stay.
func countGoroutines() (n int) {
	all := make([]byte, 1<<20)
	for _, stack := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n") {
		if !strings.Contains(stack, "created by github.com/residuum-go/residuum/internal/parallel") {
			n++
		}
	}
	return n
}

// requireGoroutines requires that there are no more than before.
func requireGoroutines(t *testing.T, before int) {
	t.Helper()
	require.Eventually(t, func() bool { return countGoroutines() <= before+1 }, 10*time.Second, time.Millisecond, // Eventually has one
		"goroutines are left, of %d", before)
}

// Steps by parts, of which the last step's batch leaves some empty, are steps on whole batches but for rounding: loss,
// gradients, running statistics.
func TestSyncBatchNormIsThatOfTheWholeBatch(t *testing.T) {
	step := func(parts int) (nn.Module, train.Step) {
		set := stripes(11)
		tr, model := newTrainer("", ""), newResNet(1)
		tr.Model, tr.Optimizer = model, sgd(model, optim.SGDConfig{})
		tr.Loader, tr.Epochs, tr.Valid = newLoader(set, data.LoaderConfig{Batch: 8, Norm: set.Norm()}), 1, nil
		tr.MicroBatches, tr.SyncBatchNorm = parts, parts > 1
		var last train.Step
		tr.Each = func(s train.Step) { last = s }
		_, err := tr.Run(t.Context())
		require.NoError(t, err)
		return model, last
	}
	whole, want := step(1)
	gradients := map[string]*tensor.Tensor{}
	for name, p := range nn.Params(whole) {
		gradients[name] = p.Grad
	}
	for _, parts := range []int{2, 3, 8} {
		model, got := step(parts)
		require.InDelta(t, want.Loss, got.Loss, 1e-6)
		require.Equal(t, want.Score.Correct, got.Score.Correct)
		for name, p := range nn.Params(model) {
			require.InDeltaSlice(t, gradients[name].Data(), p.Grad.Data(), 1e-5, name)
		}
		requireCloseState(t, whole, model)
	}
}

// A batch norm that some parts leave out has the statistics of those that do not, and the next one waits for these.
func TestSyncBatchNormThatSomePartsLeaveOut(t *testing.T) {
	newModel := func() *leavingOut {
		return &leavingOut{[3]*nn.BatchNorm2D{nn.NewBatchNorm2D(1), nn.NewBatchNorm2D(1), nn.NewBatchNorm2D(1)}, newNet()}
	}
	set, model := stripes(7), newModel()
	tr := newTrainer("", "")
	tr.Model, tr.Optimizer, tr.MicroBatches, tr.SyncBatchNorm = model, sgd(model, optim.SGDConfig{}), 3, true
	tr.Loader, tr.Epochs, tr.Valid = newLoader(set, data.LoaderConfig{Batch: 7, Norm: set.Norm()}), 1, nil
	_, err := tr.Run(t.Context())
	require.NoError(t, err)

	tape, want := autograd.NewTape(1), newModel()
	x := want.norms[0].Forward(tape.Input(set.Batch(set.Norm(), 0, 7).X))
	first := want.norms[1].Forward(autograd.SliceAxis(x, 0, 0, 3)) // of 7 images
	want.norms[2].Forward(autograd.Concat(0, first, autograd.SliceAxis(x, 0, 3, 7)))
	for i, n := range want.norms {
		share := float32(1)
		if i == 1 {
			share = 3. / 7
		}
		require.InDelta(t, share*n.RunningMean.Data()[0], model.norms[i].RunningMean.Data()[0], 1e-6, i)
		require.InDelta(t, 1+share*(n.RunningVar.Data()[0]-1), model.norms[i].RunningVar.Data()[0], 1e-6, i)
	}
}

// leavingOut normalises thrice, batches of 2 only twice.
type leavingOut struct {
	norms [3]*nn.BatchNorm2D
	net   *net
}

func (l *leavingOut) Forward(x *autograd.Var) *autograd.Var {
	x = l.norms[0].Forward(x)
	if x.Shape()[0] != 2 {
		x = l.norms[1].Forward(x)
	}
	return l.net.Forward(l.norms[2].Forward(x))
}

func (l *leavingOut) Parts() []nn.Part {
	return []nn.Part{{Name: "a", Module: l.norms[0]}, {Name: "b", Module: l.norms[1]}, {Name: "c", Module: l.norms[2]}, {Name: "net", Module: l.net}}
}

func requireCloseState(t *testing.T, want, got nn.Module) {
	t.Helper()
	state := map[string]*tensor.Tensor{}
	for name, x := range nn.State(got) {
		state[name] = x
	}
	for name, x := range nn.State(want) {
		require.InDeltaSlice(t, x.Data(), state[name].Data(), 1e-5, name)
	}
}

// Parts of one image with one value in a channel are enough where the batch has two.
func TestSyncBatchNormOfPartsOfOneImage(t *testing.T) {
	onePixels := func(images int) *trainer {
		tr := newTrainer("", "")
		tr.Model, tr.MicroBatches, tr.SyncBatchNorm = onePixel(), 8, true
		tr.Optimizer = sgd(tr.Model, optim.SGDConfig{})
		tr.Loader = newLoader(stripes(images), data.LoaderConfig{Batch: 8})
		return tr
	}
	_, err := onePixels(images).Run(t.Context())
	require.NoError(t, err)
	requireRefused(t, onePixels(41), "train: New.loader is *data.Loader: 41 images in batches of 8 leave one for the last")
}

func TestSyncBatchNormThatCannotBe(t *testing.T) {
	tr := newTrainer("", "")
	model := &unowned{newNet()}
	tr.Model, tr.MicroBatches, tr.SyncBatchNorm, tr.Optimizer = model, 2, true, sgd(model, optim.SGDConfig{})
	requireRefused(t, tr, "train: New.model is *train_test.unowned: it does not take the images of the loader: "+
		"train: SyncBatchNorm: the Gamma of a batch norm is no parameter of the model")

	path := filepath.Join(t.TempDir(), "net.safetensors")
	runUntil(t, synced("sgd", path), 3)
	require.EqualError(t, parted("sgd", path).Resume(), "train: checkpoint "+path+": SyncBatchNorm was true, now it is false")
	path = filepath.Join(t.TempDir(), "net.safetensors")
	runUntil(t, parted("sgd", path), 3)
	require.EqualError(t, synced("sgd", path).Resume(), "train: checkpoint "+path+": SyncBatchNorm was false, now it is true")
}

// unowned normalises by a scale of its own.
type unowned struct{ *net }

func (u *unowned) Forward(x *autograd.Var) *autograd.Var {
	one, zero := autograd.Const(tensor.Full(1, 1)), autograd.Const(tensor.New(1))
	y, _, _ := autograd.BatchNorm(autograd.Norm{X: x, Gamma: one, Beta: zero, Eps: 1e-5}, autograd.Then{})
	return u.net.Forward(y)
}

// Whatever ends a part ends the others, and leaves no goroutine behind. A panic leaves gradients and statistics as they
// were.
func TestAPartThatPanicsEndsTheStep(t *testing.T) {
	for _, of := range []int{0, 1, 3} {
		goroutines := countGoroutines()
		tr := synced("sgd", "")
		tr.Best = ""
		model := &bursting{net: newNet()}
		tr.Model, tr.Optimizer = model, sgd(model, optim.SGDConfig{Momentum: 0.9})
		require.NoError(t, tr.make())
		grad := tensor.New(model.conv.Weight.Value.Shape()...)
		model.conv.Weight.Grad = grad
		model.left = of + 1
		require.PanicsWithValue(t, "burst", func() { _, _ = tr.Run(t.Context()) })
		requireSameState(t, newNet(), model)
		require.Same(t, grad, model.conv.Weight.Grad)
		requireGoroutines(t, goroutines)
	}
}

// bursting is a net that panics behind its batch norm, in the pass that left counts down to.
type bursting struct {
	*net
	left int
}

func (b *bursting) Forward(x *autograd.Var) *autograd.Var {
	y := b.net.Forward(x)
	if b.left--; b.left == 0 {
		panic("burst")
	}
	return y
}

// A loss that is not finite, of one part, and a run that is stopped leave no goroutine either, nor does one that ends.
func TestSyncBatchNormLeavesNoGoroutines(t *testing.T) {
	goroutines := countGoroutines()
	tr := synced("sgd", "")
	tr.Best = ""
	_, err := tr.Run(t.Context())
	require.NoError(t, err)

	tr = synced("sgd", "")
	tr.Best = ""
	tr.OnStep = func(train.Step) error { return errCause }
	_, err = tr.Run(t.Context())
	require.ErrorIs(t, err, errCause)

	tr = synced("sgd", "")
	calls := 0
	tr.Best = ""
	tr.Loss = func(logits *autograd.Var, b *data.Batch) *autograd.Var {
		loss := autograd.CrossEntropy(logits, b.Labels, 0)
		if calls++; calls == 7 {
			loss = autograd.Scale(loss, float32(math.Inf(1)))
		}
		return loss
	}
	_, err = tr.Run(t.Context())
	require.ErrorContains(t, err, "loss is +Inf")
	requireGoroutines(t, goroutines)
}
