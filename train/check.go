package train

import (
	"errors"
	"fmt"
	"runtime"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// init checks the fields that make a trainer's state, and makes what they alone determine.
func (t *Trainer) init() error {
	switch {
	case t.Model == nil:
		return missing("Model")
	case t.Loader == nil:
		return missing("Loader")
	case t.Optimizer == nil:
		return missing("Optimizer")
	case t.tape != nil:
		return nil
	}
	if err := weights.Check(nn.State(t.Model)); err != nil {
		return fmt.Errorf("train: Trainer.Model: %w", err)
	}
	var params []*autograd.Param
	for _, p := range nn.Params(t.Model) {
		params = append(params, p)
	}
	if err := checkOptimizer(t.Optimizer, params); err != nil {
		return fmt.Errorf("train: Trainer.Optimizer: %w", err)
	}
	t.params, t.tape = params, autograd.NewTape(t.Seed)
	return nil
}

func missing(field string) error { return fmt.Errorf("train: Trainer.%s is not set", field) }

// check looks for what keeps Run from its first step.
func (t *Trainer) check() error {
	if err := t.init(); err != nil {
		return err
	}
	switch s := t.Loader.State(); {
	case t.Schedule == nil:
		return missing("Schedule")
	case optim.CheckSchedule(t.Schedule) != nil:
		return fmt.Errorf("train: Trainer.Schedule: %w", optim.CheckSchedule(t.Schedule))
	case t.Epochs < 1:
		return fmt.Errorf("train: Trainer.Epochs is %d, want at least 1", t.Epochs)
	case t.SaveEvery < 0:
		return fmt.Errorf("train: Trainer.SaveEvery is %d, want a number of steps, or 0 for the end of epochs only", t.SaveEvery)
	case t.diverged != nil:
		return t.diverged
	case s.Epoch != len(t.history) || s.Next != t.seen.Examples:
		return fmt.Errorf("train: Trainer.Loader stands after %d epochs and %d images, the trainer after %d and %d: "+
			"give each trainer a loader of its own, or call Resume", s.Epoch, s.Next, len(t.history), t.seen.Examples)
	}
	return nil
}

// checkOptimizer makes sure that an optimiser moves parameters of the model. What it leaves out is not
// trained, as in PyTorch.
func checkOptimizer(o optim.Optimizer, params []*autograd.Param) error {
	if len(o.Params()) == 0 {
		return errors.New("it has no parameters: make it with nn.Params of this Model")
	}
	for i, p := range o.Params() {
		if !slices.Contains(params, p) {
			return fmt.Errorf("its parameter %d, of shape %v, is not one of the model's: make it with nn.Params of this Model", i, p.Value.Shape())
		}
	}
	return nil
}

// trial finds out, once, what would end the training later: it asks the model for the logits of a batch and
// holds the labels against them, and if the epoch's last batch is of one image, tries such a batch.
func (t *Trainer) trial() error {
	if t.tried {
		return nil
	}
	set, batch := t.Loader.Dataset(), t.Loader.State().Batch
	shape, err := t.try(2)
	if err != nil {
		return fmt.Errorf("train: Trainer.Model does not take the images of Trainer.Loader: %w", err)
	}
	if err := checkShape(shape, 2); err != nil {
		return fmt.Errorf("train: Trainer.Model: %w", err)
	}
	if err := checkLabels(set.Labels, shape[1], 0); err != nil {
		return fmt.Errorf("train: Trainer.Loader: %w", err)
	}
	if (set.Len()-1)%batch == 0 {
		if _, err := t.try(1); err != nil { // it takes two, so it is their number
			return fmt.Errorf("train: %d images in batches of %d leave one for the last, on which the model cannot be trained: "+
				"choose another batch size, or leave an image out: %w", set.Len(), batch, err)
		}
	}
	t.tried = true
	return nil
}

// try returns the shape of the logits of n black images in training mode. Random numbers and running statistics are
// afterwards as they were.
func (t *Trainer) try(n int) ([]int, error) {
	for _, b := range nn.Buffers(t.Model) {
		before := b.Clone()
		defer tensor.Copy(b, before)
	}
	set := t.Loader.Dataset()
	images := tensor.New(n, set.Height, set.Width, set.Channels)
	logits, err := forward(t.Model, autograd.NewTape(t.Seed).Input(images))
	if err != nil {
		return nil, err
	}
	return slices.Clone(logits.Shape()), nil
}

// forward returns the logits of images that come from outside the program: a model that refuses them, by a panic,
// is an error then. A panic of the runtime goes on.
func forward(model nn.Module, images *autograd.Var) (logits *autograd.Var, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			panic(p)
		default:
			err = fmt.Errorf("%v", p)
		}
	}()
	return model.Forward(images), nil
}

// checkShape makes sure that a model has returned logits for n images.
func checkShape(logits []int, n int) error {
	if len(logits) != 2 || logits[0] != n {
		return fmt.Errorf("it returns %v for %d images, want logits [%d, classes]", logits, n, n)
	}
	return nil
}

// checkLabels makes sure that there is a logit for every label. first is the number of the first image.
func checkLabels(labels []int, classes, first int) error {
	for i, l := range labels {
		if l < 0 || l >= classes {
			return fmt.Errorf("image %d has the label %d, the model has logits for the classes 0 to %d", first+i, l, classes-1)
		}
	}
	return nil
}
