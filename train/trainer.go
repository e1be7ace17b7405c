package train

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Metrics are means over images.
type Metrics struct {
	Loss     float64 `json:"loss"`     // cross-entropy, nats
	Accuracy float64 `json:"accuracy"` // fraction of labels that the logits predict, see tensor.Predictions
}

// Trainer minimises the cross-entropy of a classifier. Set the fields, do not change any but Epochs
// afterwards, and use it from one goroutine.
type Trainer struct {
	Model     nn.Module // images [N, H, W, C] to logits [N, classes]
	Loader    *data.Loader
	Optimizer optim.Optimizer
	Schedule  optim.Schedule // learning rate by step, counted from 0 over all epochs
	Epochs    int
	Seed      uint64 // of the random numbers that the model draws: dropout, stochastic depth

	// Checkpoint is the file to save to at the end of every epoch, when Run is stopped by its
	// context, and every SaveEvery steps if that is positive. Empty means never.
	Checkpoint string
	SaveEvery  int

	Progress func(Progress) // called after every step, if set

	tape    *autograd.Tape
	params  []*autograd.Param
	history []Metrics // of the epochs that are complete
	step    int       // steps done
	saved   int       // the step last saved, or the one that Run began with
	seen    totals    // in the epoch under way
	clock   clock

	predictions []int // memory for those of a batch
}

// totals add up metrics. They are part of a checkpoint, so that the metrics of a resumed epoch are
// those of the whole epoch.
type totals struct {
	Images  int     `json:"images"`
	Correct int     `json:"correct"`
	Loss    float64 `json:"loss"` // sum over images
}

func (s totals) metrics() Metrics {
	n := float64(max(s.Images, 1))
	return Metrics{Loss: s.Loss / n, Accuracy: float64(s.Correct) / n}
}

// DivergedError says that training has left the finite numbers. No checkpoint holds the damage: the
// one on disk, if any, is from before.
type DivergedError struct {
	Epoch, Step int    // both counted from 1, the step within the epoch
	What        string // what is not finite: "loss" or the name of a tensor
	Value       float64
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("train: epoch %d, step %d: %s is %v", e.Epoch, e.Step, e.What, e.Value)
}

// Run trains until Epochs epochs are complete, counting those of earlier calls and of the run that
// was resumed, and returns the training metrics of each. To look at the model between epochs, call
// Run repeatedly with Epochs one higher each time.
//
// It returns the context's error, wrapped, when ctx is done; a [*DivergedError] when the loss is NaN
// or infinite; and, before the first step if it can be known then, an error when the checkpoint
// cannot be written. The metrics of the complete epochs are returned in any case.
func (t *Trainer) Run(ctx context.Context) ([]Metrics, error) {
	t.init()
	if t.Checkpoint != "" {
		if err := prepareFolder(t.Checkpoint); err != nil {
			return t.history, err
		}
	}
	t.saved = t.step
	t.clock = clock{start: time.Now()}
	for t.Loader.State().Epoch < t.Epochs {
		if err := t.epoch(ctx); err != nil {
			return t.history, err
		}
	}
	return t.history, nil
}

// init makes what the fields alone determine. Every trainable parameter gets a gradient, because
// optimisers tell one that is zero from one that never was, and a resumed run must not differ.
func (t *Trainer) init() {
	if t.tape != nil {
		return
	}
	t.tape = autograd.NewTape(t.Seed)
	t.params = t.Model.Params()
	for _, p := range t.params {
		if !p.Fixed && p.Grad == nil {
			p.Grad = tensor.New(p.Value.Shape()...)
		}
	}
}

// epoch trains on what is left of the current epoch.
func (t *Trainer) epoch(ctx context.Context) error {
	for batch := range t.Loader.Epoch(ctx) {
		rate := t.Schedule(t.step)
		if err := t.train(batch, rate); err != nil {
			return err
		}
		t.report(len(batch.Labels), rate)
		if err := t.saveIfDue(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil && t.Loader.State().Epoch < t.Epochs {
		return t.stop(context.Cause(ctx))
	}
	return nil
}

// train does one step on a batch.
func (t *Trainer) train(batch *data.Batch, rate float64) error {
	t.tape.Reset()
	logits := t.Model.Forward(t.tape.Input(batch.Images))
	loss := autograd.CrossEntropy(logits, batch.Labels, 0)
	value := float64(loss.Value().Item())
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return t.diverged("loss", value)
	}
	autograd.ZeroGrad(t.params)
	t.tape.Backward(loss)
	t.Optimizer.Step(rate)
	t.step++
	n := len(batch.Labels)
	t.seen.Images += n
	t.predictions = tensor.Predictions(t.predictions[:0], logits.Value())
	right, _ := correct(t.predictions, batch.Labels)
	t.seen.Correct += right
	t.seen.Loss += value * float64(n)
	return nil
}

// diverged is called while the loader stands behind the batch that did it.
func (t *Trainer) diverged(what string, value float64) error {
	epoch := len(t.history) + 1
	step := t.step - len(t.history)*t.Loader.Batches()
	if what == "loss" {
		step++ // the step was not completed
	}
	if step == 0 { // the epoch has just been closed
		epoch, step = epoch-1, t.Loader.Batches()
	}
	return &DivergedError{Epoch: epoch, Step: step, What: what, Value: value}
}

// report closes the epoch if it is complete, and calls Progress.
func (t *Trainer) report(images int, rate float64) {
	p := Progress{
		Epoch: len(t.history) + 1, Epochs: t.Epochs,
		Batch: t.step - len(t.history)*t.Loader.Batches(), Batches: t.Loader.Batches(),
		Metrics: t.seen.metrics(), Rate: rate,
	}
	if t.Loader.State().Next == 0 {
		t.history = append(t.history, p.Metrics)
		t.seen = totals{}
	}
	if t.Progress == nil {
		return
	}
	left := (t.Epochs-len(t.history))*t.Loader.Dataset().Len() - t.seen.Images
	p.ImagesPerSecond, p.Left = t.clock.estimate(images, left)
	t.Progress(p)
}

func (t *Trainer) saveIfDue() error {
	due := t.Loader.State().Next == 0 || t.SaveEvery > 0 && t.step%t.SaveEvery == 0
	if t.Checkpoint == "" || !due {
		return nil
	}
	return t.save()
}

// stop saves what has been done since the last checkpoint and says where the run stands.
func (t *Trainer) stop(cause error) error {
	state := t.Loader.State()
	err := fmt.Errorf("train: stopped in epoch %d of %d after %d of %d images: %w",
		state.Epoch+1, t.Epochs, state.Next, state.Len, cause)
	if t.Checkpoint == "" || t.step == t.saved {
		return err
	}
	if failed := t.save(); failed != nil {
		return fmt.Errorf("%w; %w", err, failed)
	}
	return err
}

// correct counts the predictions that are right, and those that are none because a logit was not finite.
func correct(predictions, labels []int) (right, none int) {
	for i, p := range predictions {
		switch p {
		case labels[i]:
			right++
		case -1:
			none++
		}
	}
	return right, none
}
