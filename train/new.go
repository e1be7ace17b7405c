package train

import (
	"fmt"
	"math"
	"runtime"
	"slices"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// New returns a trainer of a model that turns images [N, H, W, C] into logits [N, classes], on the batches of a loader
// that nobody else takes any from, by an optimiser of parameters of the model, all or some.
//
// Whatever would keep it from training is a [*residuum.ConfigError] now, and not in the middle of a run: a field that
// makes no sense, labels without a logit, images that the model does not take, a last batch of one image on which
// it cannot be trained. To find that out, New asks the model for the logits of black images, which leaves no trace.
func New(model nn.Module, loader *data.Loader, optimizer optim.Optimizer, c Config) (*Trainer, error) {
	switch {
	case model == nil:
		return nil, argument("model", model, "want one")
	case loader == nil:
		return nil, argument("loader", nil, "want one")
	case optimizer == nil:
		return nil, argument("optimizer", optimizer, "want one")
	}
	if c.MicroBatches == 0 {
		c.MicroBatches = 1
	}
	t := &Trainer{
		config: c, model: model, loader: loader, optimizer: optimizer, tape: autograd.NewTape(c.Seed), team: newTeam(c.Ranks),
	}
	if t.team.first() {
		t.last.path, t.best.path = c.Checkpoint, c.Best
	}
	if t.config.Loss == nil {
		t.config.Loss = func(logits *autograd.Var, b *data.Batch) *autograd.Var {
			if b.Targets != nil {
				return autograd.Mean(autograd.SoftCrossEntropy(logits, b.Targets))
			}
			return autograd.CrossEntropy(logits, b.Labels, 0)
		}
	}
	for _, p := range nn.Params(model) {
		t.params = append(t.params, p)
	}
	for _, check := range []func() error{t.check, t.checkModel, t.checkOptimizer, t.checkData} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	if loader.Share(0, 1, 1); c.MicroBatches > 1 {
		t.micro = newMicro(t)
		loader.Share(t.micro.rank, t.micro.ranks, c.MicroBatches)
	}
	return t, nil
}

// argument is a fault of an argument of New, which is named by its type: a model is too large to be printed.
func argument(name string, value any, format string, args ...any) error {
	return &residuum.ConfigError{Struct: "train.New", Field: name, Value: fmt.Sprintf("%T", value), Reason: fmt.Sprintf(format, args...)}
}

func (t *Trainer) check() error {
	if err := t.config.check(); err != nil {
		return err
	}
	if most := math.MaxInt / t.loader.Steps(); t.config.Epochs > most {
		return fault("Epochs", t.config.Epochs, "want at most %d: steps are counted by an int", most)
	}
	if parts, batch := t.config.MicroBatches, t.loader.State().Batch; parts > batch {
		return fault("MicroBatches", parts, "want at most the %d images of a batch", batch)
	} else if t.team != nil && parts < t.team.Size() {
		return fault("MicroBatches", parts, "want at least one for each of %d ranks", t.team.Size())
	}
	return nil
}

func (t *Trainer) checkModel() error {
	if err := weights.Check(nn.State(t.model)); err != nil {
		return argument("model", t.model, "%v", err)
	}
	if _, err := t.describe(); err != nil {
		return fault("Classes", t.config.Classes, "%v", err)
	}
	return nil
}

// checkOptimizer makes sure that the optimiser moves parameters of the model. What it leaves out is not trained, as in
// PyTorch.
func (t *Trainer) checkOptimizer() error {
	if len(t.optimizer.Params()) == 0 {
		return argument("optimizer", t.optimizer, "it has no parameters: make it with nn.Params of this model")
	}
	for i, p := range t.optimizer.Params() {
		if !slices.Contains(t.params, p) {
			return argument("optimizer", t.optimizer, "its parameter %d, of shape %v, is not one of the model's: "+
				"make it with nn.Params of this model", i, p.Value.Shape())
		}
	}
	return nil
}

// checkData asks the model for the logits of a batch and holds the labels against them, and if a batch or part of one is
// of one image, tries such a batch.
func (t *Trainer) checkData() error {
	set, batch := t.loader.Source(), t.loader.State().Batch
	classes, err := t.try(2)
	if err != nil {
		return err
	}
	if err := checkLabels(labels(set), classes, 0); err != nil {
		return argument("loader", t.loader, "%v", err)
	}
	last, parts := (set.Len()-1)%batch+1, t.config.MicroBatches
	if t.config.SyncBatchNorm {
		parts = 1
	}
	if last < 2*parts || batch < 2*parts {
		if _, err := t.try(1); err != nil { // it takes two, so it is their number
			if parts > 1 {
				return fault("MicroBatches", parts, "%d images in batches of %d, the last one of %d, leave one for some of their "+
					"parts, on which the model cannot be trained: choose another number of parts or of images: %v", set.Len(), batch, last, err)
			}
			return argument("loader", t.loader, "%d images in batches of %d leave one for the last, on which the model cannot "+
				"be trained: choose another batch size, or leave an image out: %v", set.Len(), batch, err)
		}
	}
	if t.config.Valid == nil {
		return nil
	}
	return t.checkValid(classes)
}

func (t *Trainer) checkValid(classes int) (err error) {
	v := t.config.Valid
	if size, want := size(v), size(t.loader.Source()); v.Len() == 0 || size != want {
		return fault("Valid", fmt.Sprintf("%d images of %s", v.Len(), size), "want some of %s, like the loader's", want)
	}
	if d, ok := v.(*data.Dataset); ok {
		_, err = data.New(*d)
	}
	if err == nil {
		err = checkLabels(labels(v), classes, 0)
	}
	if err != nil {
		return fault("Valid", fmt.Sprintf("%d images", v.Len()), "%v", err)
	}
	return nil
}

func size(s data.Source) string {
	h, w, c := s.Size()
	return fmt.Sprintf("%dx%dx%d", h, w, c)
}

func labels(s data.Source) []int {
	all := make([]int, s.Len())
	for i := range all {
		all[i] = s.Label(i)
	}
	return all
}

// try returns the number of classes of the logits of n black images in training mode, and makes sure that there is a
// loss of them. Random numbers and running statistics are afterwards as they were.
func (t *Trainer) try(n int) (classes int, err error) {
	for _, b := range nn.Buffers(t.model) {
		before := b.Clone()
		defer tensor.Copy(b, before)
	}
	h, w, c := t.loader.Source().Size()
	batch := data.Batch{X: tensor.New(n, h, w, c), Labels: make([]int, n), Index: make([]int, n)}
	tape := autograd.NewTape(t.config.Seed)
	if t.config.SyncBatchNorm {
		at := numbers(t.params)
		tape.SyncBatchNorm(func(gamma *tensor.Tensor, _ bool, own []float64) [][]float64 {
			norm(at, gamma)
			return [][]float64{own}
		})
	}
	logits, err := forward(t.model, tape.Input(batch.X))
	if err != nil {
		return 0, argument("model", t.model, "it does not take the images of the loader: %v", err)
	}
	if err := checkShape(logits.Shape(), n); err != nil {
		return 0, argument("model", t.model, "%v", err)
	}
	if k := t.loader.Source().NumClasses(); t.loader.Mix() != (data.Mix{}) {
		if k != logits.Shape()[1] {
			return 0, argument("loader", t.loader, "it mixes images of %d classes, the model has logits for %d", k, logits.Shape()[1])
		}
		batch.Targets = tensor.New(n, k)
	}
	if loss := t.config.Loss(logits, &batch).Shape(); len(loss) > 0 {
		return 0, fault("Loss", fmt.Sprintf("%v for logits %v", loss, logits.Shape()), "want a scalar")
	}
	return logits.Shape()[1], nil
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
	if len(logits) != 2 || logits[0] != n || logits[1] < 1 {
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
