package train

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/filelock"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Trainer minimises the cross-entropy of a classifier. Set the fields, do not change any but Epochs
// afterwards, and use it from one goroutine.
type Trainer struct {
	Model     nn.Module       // images [N, H, W, C] to logits [N, classes]
	Loader    *data.Loader    // one that nobody else takes batches from
	Optimizer optim.Optimizer // of parameters of the model, all or some
	Schedule  optim.Schedule  // learning rate by step, counted over all epochs
	Epochs    int             // at least 1
	Seed      uint64          // of the random numbers that the model draws: dropout, stochastic depth

	// Checkpoint is the file to save to at the end of every epoch, when Run is stopped by its
	// context, and every SaveEvery steps if that is positive. Empty means never. Without Resume, Run
	// starts anew and replaces a checkpoint that fits the model; it refuses to replace anything else.
	Checkpoint string
	SaveEvery  int

	Progress func(Progress) // called after every step, if set

	tape     *autograd.Tape
	params   []*autograd.Param
	tried    bool           // whether trial has passed
	history  []data.Score   // of the epochs that are complete
	step     int            // steps done
	saved    int            // of them, the number when save last succeeded
	seen     data.Score     // of the epoch under way
	diverged *DivergedError // what ended an earlier Run
	clock    clock
	lock     *filelock.Lock // of the checkpoint, while Run runs
	file     fs.FileInfo    // the checkpoint that was read or written last
}

// DivergedError says that training has left the finite numbers. No checkpoint holds the damage: the
// one on disk, if any, is from before. The model in memory is damaged: Run returns the same error until
// Resume has brought the checkpoint back.
type DivergedError struct {
	Epoch, Step int    // both counted from 1, the step within the epoch
	What        string // what is not finite: "loss" or the name of a tensor
	Value       float64
	Rate        float64 // the learning rate of the last step that was completed; 0 before the first
}

func (e *DivergedError) Error() string {
	text := fmt.Sprintf("train: epoch %d, step %d: %s is %v", e.Epoch, e.Step, e.What, e.Value)
	if e.Rate > 0 {
		text += fmt.Sprintf(", after a step at learning rate %.3g", e.Rate)
	}
	return text
}

// Run trains until Epochs epochs are complete, counting those of earlier calls and of the run that
// was resumed, and returns the score of each on its own batches, each batch as the model was then. To look at the model between epochs, call
// Run repeatedly with Epochs one higher each time.
//
// It returns the context's error, wrapped together with its cause, when ctx is done, and a
// [*DivergedError] when the loss is NaN or infinite, or a parameter is when a checkpoint is due, at the
// latest at the end of each epoch. What can be known before the first step is an error then: a field that
// is missing or makes no sense, labels for which the model has no logit, a last batch of one image that
// the model cannot be trained on, a checkpoint that cannot be written, is not to be replaced or is in use
// by another Run. A checkpoint that could not be saved is tried again by the next call. The scores of
// the complete epochs are returned in any case.
func (t *Trainer) Run(ctx context.Context) ([]data.Score, error) {
	err := t.run(ctx)
	return slices.Clone(t.history), err
}

func (t *Trainer) run(ctx context.Context) error {
	if err := t.check(); err != nil {
		return err
	}
	if t.Checkpoint != "" {
		defer t.release()
		if err := t.claim(); err != nil {
			return err
		}
	}
	if err := t.trial(); err != nil {
		return err
	}
	if err := t.saveWhatIsNew(); err != nil { // an earlier Run may have failed to
		return err
	}
	t.clock = clock{start: time.Now()}
	for t.Loader.State().Epoch < t.Epochs {
		if err := t.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// epoch trains on what is left of the current epoch.
func (t *Trainer) epoch(ctx context.Context) error {
	for batch := range t.Loader.Epoch(ctx) {
		rate := t.rate(t.step)
		if v := float32(rate); !(v >= 0 && v <= math.MaxFloat32) {
			t.giveBack()
			return t.stop(fmt.Errorf("the learning rate that Schedule gives for step %d is %v", t.step, rate))
		}
		if err := t.train(batch, rate); err != nil {
			return err
		}
		t.report(len(batch.Labels), rate)
		if err := t.saveIfDue(); err != nil {
			return err
		}
	}
	if ctx.Err() != nil && t.Loader.State().Epoch < t.Epochs {
		return t.stop(cancelled.Err(ctx))
	}
	return nil
}

// rate returns the learning rate of a step in a run of all epochs.
func (t *Trainer) rate(step int) float64 {
	epochs := min(t.Epochs, math.MaxInt/t.Loader.Batches()) // a run may have no end in sight
	return t.Schedule.Rate(step, epochs*t.Loader.Batches())
}

// giveBack puts the loader back to before a batch that was not trained on.
func (t *Trainer) giveBack() {
	s := t.Loader.State()
	s.Epoch, s.Next = len(t.history), t.seen.Examples
	_ = t.Loader.SetState(s) // it has been there
}

// train does one step on a batch.
func (t *Trainer) train(batch *data.Batch, rate float64) error {
	t.tape.Reset()
	t.makeGradients()
	logits := t.Model.Forward(t.tape.Input(batch.X))
	loss := autograd.CrossEntropy(logits, batch.Labels, 0)
	value := float64(loss.Value().Item())
	if !finite(value) {
		return t.fail("loss", value)
	}
	autograd.ZeroGrad(t.params)
	t.tape.Backward(loss)
	t.Optimizer.Step(rate)
	t.step++
	t.seen = t.seen.Plus(data.ScoreOf(logits.Value(), batch.Labels))
	return nil
}

// makeGradients gives a gradient to every parameter that is trainable now, because optimisers tell one
// that is zero from one that never was, and a resumed run must not differ.
func (t *Trainer) makeGradients() {
	for _, p := range t.params {
		if !p.Frozen && p.Grad == nil {
			p.Grad = tensor.New(p.Value.Shape()...)
		}
	}
}

// fail ends the training. It is called while the loader stands behind the batch that did it.
func (t *Trainer) fail(what string, value float64) error {
	epoch := len(t.history) + 1
	step := t.step - len(t.history)*t.Loader.Batches()
	if what == "loss" {
		step++ // the step was not completed
	}
	if step == 0 { // the epoch has just been closed
		epoch, step = epoch-1, t.Loader.Batches()
	}
	t.diverged = &DivergedError{Epoch: epoch, Step: step, What: what, Value: value}
	if t.step > 0 {
		t.diverged.Rate = t.rate(t.step - 1)
	}
	return t.diverged
}

// report closes the epoch if it is complete, and calls Progress.
func (t *Trainer) report(images int, rate float64) {
	p := Progress{
		Epoch: len(t.history) + 1, Epochs: t.Epochs,
		Batch: t.step - len(t.history)*t.Loader.Batches(), Batches: t.Loader.Batches(),
		Score: t.seen, Rate: rate,
	}
	if t.Loader.State().Next == 0 {
		t.history = append(t.history, p.Score)
		t.seen = data.Score{}
	}
	if t.Progress == nil {
		return
	}
	left := float64(t.Epochs-len(t.history))*float64(t.Loader.Dataset().Len()) - float64(t.seen.Examples)
	p.ImagesPerSecond, p.Left = t.clock.estimate(images, left)
	t.Progress(p)
}

func (t *Trainer) saveIfDue() error {
	due := t.Loader.State().Next == 0 || t.Checkpoint != "" && t.SaveEvery > 0 && t.step%t.SaveEvery == 0
	if !due {
		return nil
	}
	return t.save()
}

func (t *Trainer) saveWhatIsNew() error {
	if t.step == t.saved {
		return nil
	}
	return t.save()
}

// stop saves what has been done since the last checkpoint and says where the run stands.
func (t *Trainer) stop(cause error) error {
	state := t.Loader.State()
	err := fmt.Errorf("train: stopped in epoch %d of %d after %d of %d images: %w",
		state.Epoch+1, t.Epochs, state.Next, state.Len, cause)
	if failed := t.saveWhatIsNew(); failed != nil {
		return fmt.Errorf("%w; %w", err, failed)
	}
	return err
}

// finite reports whether v is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }
