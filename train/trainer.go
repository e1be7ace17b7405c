package train

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// Trainer trains a classifier. Make it by [New] and use it from one goroutine.
type Trainer struct {
	config     Config
	model      nn.Module
	loader     *data.Loader
	optimizer  optim.Optimizer
	tape       *autograd.Tape
	params     []*autograd.Param
	last, best target // the files Checkpoint and Best, without a path if there is none, or another rank writes them
	team       *team  // nil for a process alone
	micro      *micro // nil if batches are not cut

	// Where training stands. Between the last step of an epoch and its end, which an evaluation may keep apart,
	// seen holds the whole epoch.
	history []Epoch
	seen    data.Score // of the epoch under way
	step    int        // steps done

	unsaved  bool           // whether something has happened since save last succeeded
	improved bool           // whether the best file is due
	diverged *DivergedError // what ended an earlier Run
}

// DivergedError says that training has left the finite numbers. No checkpoint holds the damage: the
// one on disk, if any, is from before. The model in memory is damaged: Run returns the same error until
// Resume has brought the checkpoint back.
type DivergedError struct {
	Epoch, Step int    // both counted from 1, the step within the epoch
	What        string // what is not finite: "loss", "norm of the gradients" or the name of a tensor
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

// Run trains until Config.Epochs epochs are complete, counting those of earlier calls and of the run that
// was resumed, and returns what came out of each.
//
// It returns the context's error, together with its cause, when ctx is done, the error of a hook or of an image that
// cannot be read, all wrapped, and a [*DivergedError] when the loss is NaN or infinite, or a parameter is when a checkpoint
// is due, at the latest at the end of each epoch. A checkpoint that cannot be written, is not to be replaced or is in use
// by another Run is an error before the first step. One that could not be saved later is tried again by the next call. The
// epochs that are complete are returned in any case.
func (t *Trainer) Run(ctx context.Context) ([]Epoch, error) {
	err := t.run(ctx)
	return slices.Clone(t.history), err
}

func (t *Trainer) run(ctx context.Context) error {
	if err := t.team.gone(); err != nil {
		return err
	}
	if t.team != nil {
		t.team.busy = true
	}
	err := t.team.leave(t.work(ctx))
	if t.team != nil {
		t.team.busy = false
	}
	return err
}

// work is Run on one rank: by an error of its own it leaves without asking the others.
func (t *Trainer) work(ctx context.Context) error {
	if t.diverged != nil {
		return t.diverged
	}
	if s := t.loader.State(); s != place(s, len(t.history), t.seen.Examples) {
		return fmt.Errorf("train: the loader stands after %d epochs and %d images, the trainer after %d and %d: "+
			"give each trainer a loader of its own, or call Resume", s.Epoch, s.Next, len(t.history), t.seen.Examples)
	}
	for _, file := range []*target{&t.last, &t.best} {
		if file.path == "" {
			continue
		}
		defer file.release()
		if err := file.claim(t.isOfModel); err != nil {
			return err
		}
	}
	if err := t.team.agree(nil); err != nil {
		return err
	}
	if err := t.compare(); err != nil {
		return err
	}
	if t.unsaved { // an earlier Run may have failed to
		if err := t.save(); err != nil {
			return err
		}
	}
	for len(t.history) < t.config.Epochs {
		if err := t.epoch(ctx); err != nil {
			return err
		}
	}
	return nil
}

// place returns state s of a loader as it is after so many epochs and images of the next. After the last image
// the loader is in the epoch after that, whether or not this one has been evaluated.
func place(s data.State, epochs, images int) data.State {
	s.Epoch, s.Next = epochs, images
	if images == s.Len {
		s.Epoch, s.Next = epochs+1, 0
	}
	return s
}

// epoch does what is left of the current epoch.
func (t *Trainer) epoch(ctx context.Context) error {
	if t.loader.State().Epoch == len(t.history) {
		if err := t.steps(ctx); err != nil {
			return err
		}
	}
	if err := t.checkFinite(); err != nil {
		return err
	}
	e := Epoch{Number: len(t.history) + 1, Train: t.seen}
	if t.config.Valid != nil {
		var err error
		e.Valid, err = t.validate(ctx)
		if err != nil {
			return t.stop(err)
		}
		e.Best = !slices.ContainsFunc(t.history, func(before Epoch) bool { return !better(e.Valid, before.Valid) })
	}
	t.history, t.seen = append(t.history, e), data.Score{}
	t.unsaved, t.improved = true, e.Best && t.best.path != ""
	if t.config.OnEpoch != nil {
		if err := t.config.OnEpoch(e); err != nil {
			return t.stop(err)
		}
	}
	return t.save()
}

// better reports whether a score has more images right than another one of the same images, or as many and less loss.
// No score at all is worse than any.
func better(a, b data.Score) bool {
	if b.Examples == 0 || a.Correct != b.Correct {
		return b.Examples == 0 || a.Correct > b.Correct
	}
	return a.Loss() < b.Loss()
}

// steps trains on the batches that are left of the current epoch.
func (t *Trainer) steps(ctx context.Context) error {
	for batch := range t.loader.Epoch(ctx) {
		if batch.Err != nil {
			return t.stop(batch.Err)
		}
		rate, err := t.rate(t.step), t.team.agree(nil)
		if v := float32(rate); err == nil && !(v >= 0 && v <= math.MaxFloat32) {
			err = fmt.Errorf("the learning rate that Schedule gives for step %d is %v", t.step, rate)
		}
		if err != nil {
			_ = t.loader.SetState(place(t.loader.State(), len(t.history), t.seen.Examples)) // the batch is not trained on
			return t.stop(err)
		}
		s, err := t.train(batch, rate)
		if err != nil {
			return err
		}
		if err := t.report(s); err != nil {
			return t.stop(err)
		}
		if t.config.SaveEvery > 0 && t.step%t.config.SaveEvery == 0 && t.loader.State().Next > 0 {
			if err := t.save(); err != nil {
				return err
			}
		}
	}
	if t.loader.State().Epoch == len(t.history) {
		return t.stop(cancelled.Err(ctx))
	}
	return nil
}

// total returns the number of steps of all epochs.
func (t *Trainer) total() int { return t.config.Epochs * t.loader.Steps() }

// rate returns the learning rate of a step, counted from 0.
func (t *Trainer) rate(step int) float64 { return t.config.Schedule.Rate(step, t.total()) }

// train does one step on a batch.
func (t *Trainer) train(batch *data.Batch, rate float64) (Step, error) {
	t.makeGradients()
	autograd.ZeroGrad(t.params)
	loss, score, err := t.gradients(batch)
	s := Step{Total: t.total(), Rate: rate, Loss: loss}
	if err != nil {
		return s, err
	}
	if !finite(s.Loss) {
		return s, t.fail("loss", s.Loss, t.step+1)
	}
	if t.config.ClipNorm > 0 {
		if s.GradNorm = optim.ClipNorm(t.params, t.config.ClipNorm); !finite(s.GradNorm) {
			return s, t.fail("norm of the gradients", s.GradNorm, t.step+1)
		}
	}
	t.optimizer.Step(rate)
	t.step++
	t.unsaved = true
	t.seen = t.seen.Plus(score)
	s.Done, s.Score = t.step, t.seen
	s.Epoch, s.Batch = t.position(t.step)
	return s, nil
}

// position returns the epoch of step n, and its place there. All count from 1.
func (t *Trainer) position(n int) (epoch, batch int) {
	return (n-1)/t.loader.Steps() + 1, (n-1)%t.loader.Steps() + 1
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

// fail ends the training because of step n, counted from 1.
func (t *Trainer) fail(what string, value float64, n int) error {
	t.diverged = &DivergedError{What: what, Value: value}
	t.diverged.Epoch, t.diverged.Step = t.position(n)
	if t.step > 0 {
		t.diverged.Rate = t.rate(t.step - 1)
	}
	return t.diverged
}

func (t *Trainer) report(s Step) error {
	if t.config.Progress != nil {
		t.config.Progress(s.Done, s.Total)
	}
	if t.config.OnStep != nil {
		return t.config.OnStep(s)
	}
	return nil
}

// stop saves what has been done since the last checkpoint and says where the run stands.
func (t *Trainer) stop(cause error) error {
	where := fmt.Sprintf("in epoch %d of %d after %d of %d images", len(t.history)+1, t.config.Epochs, t.seen.Examples, t.loader.State().Len)
	if n := len(t.history); n > 0 && t.seen.Examples == 0 {
		where = fmt.Sprintf("after epoch %d of %d", n, t.config.Epochs)
	}
	err := fmt.Errorf("train: stopped %s: %w", where, cause)
	if t.unsaved {
		if failed := t.save(); failed != nil {
			return fmt.Errorf("%w; %w", err, failed)
		}
	}
	return err
}

// finite reports whether v is neither NaN nor infinite.
func finite(v float64) bool { return v-v == 0 }
