package train

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn/optim"
)

// Config says how to train. Schedule and Epochs have to be set; whatever else is zero is left out.
type Config struct {
	Schedule optim.Schedule // learning rate of each step
	Epochs   int            // at least 1
	Seed     uint64         // of the random numbers that the model draws: dropout, stochastic depth

	// Loss makes the scalar that is minimised of a batch and its logits [N, classes]; nil means their mean cross-entropy,
	// with the batch's Targets if it has some. New tries it on two images. With smoothed labels (Szegedy et al. 2016,
	// section 7) it is
	//
	//	func(logits *autograd.Var, b *data.Batch) *autograd.Var { return autograd.CrossEntropy(logits, b.Labels, 0.1) }
	Loss func(logits *autograd.Var, batch *data.Batch) *autograd.Var

	// MicroBatches, if more than 1, is how many parts each batch is cut into, as [data.Batch.Part] does. They run through the
	// model one after the other, each with random numbers and batch statistics of its own, and their gradients are added up
	// in their order, weighted by their shares of the batch. So a step takes the memory of a part; see SyncBatchNorm for
	// another way. Each part moves the buffers of the model, such as running statistics, from where they were before the
	// step; they go the weighted mean of all ways. Loss is asked for the loss of each part.
	MicroBatches int

	// SyncBatchNorm has batch norms take the statistics of the whole batch, over all MicroBatches on all Ranks, in the
	// forward and in the backward pass: but for rounding and random numbers a step is one on the whole batch. A batch norm
	// that some micro-batches leave out, as with stochastic depth, has the statistics of the others, given that modules
	// stand in the model in the order in which it uses them. New refuses one whose Gamma is no parameter of the model.
	//
	// The micro-batches of a process then run at once, from one batch norm to the next. So a step takes the memory of all
	// of them, and gradients for each. Ranks wait for each other at every batch norm, and add up gradients after the
	// backward pass instead of meanwhile.
	SyncBatchNorm bool

	// Ranks, if set, are processes that train together, each with the same model, loader, optimizer and configuration: each
	// runs some of the micro-batches, of which there is at least one for each, and evaluates a share of Valid. The results
	// are the same, to the bit, for any number of ranks, 1 included, and on all of them. All call Run and Resume together,
	// hooks run on all of them, and when one stops all do. Rank 0 reads and writes the files.
	Ranks Ranks

	// ClipNorm, if positive, bounds the joint norm of all gradients before each step, see [optim.ClipNorm].
	ClipNorm float64

	// Valid is evaluated at the end of each epoch. It has images like the loader's and is normalised like them.
	Valid data.Source

	// Checkpoint is the file to save to at the end of every epoch, when Run is stopped by its context or by a
	// hook, and every SaveEvery steps if that is positive. Best is a file of the same kind that is written
	// after an epoch with the best score on Valid so far: the most images right, and among equals the least loss.
	// Empty names no file. Without Resume, Run starts anew and replaces checkpoints that fit the model; it
	// refuses to replace anything else.
	Checkpoint string
	SaveEvery  int
	Best       string

	// Classes are the names of the classes, which checkpoints then hold, and how the loader normalises, beside a
	// model that describes itself: resnet.Load opens such a file.
	Classes []string

	// OnStep is called after each step and OnEpoch after each epoch, before its checkpoint is saved. An error ends
	// the run: the checkpoint is saved, with that step or epoch as done, and Run returns the error, wrapped.
	OnStep  func(Step) error
	OnEpoch func(Epoch) error

	Progress func(done, total int) // called after each step, with the numbers of steps done and in all epochs
}

// check looks at what needs neither model nor data.
func (c *Config) check() error {
	schedule := optim.CheckSchedule(c.Schedule)
	return demand.All("train.Config",
		demand.That(c.Schedule != nil, "Schedule", c.Schedule, "want the learning rate of each step"),
		demand.That(schedule == nil, "Schedule", c.Schedule, fmt.Sprint(schedule)),
		demand.That(c.Epochs >= 1, "Epochs", c.Epochs, "want at least 1"),
		demand.That(c.ClipNorm >= 0 && c.ClipNorm <= math.MaxFloat32, "ClipNorm", c.ClipNorm, "want a norm, or 0 to leave gradients as they are"),
		demand.That(c.MicroBatches >= 0, "MicroBatches", c.MicroBatches, "want a number of parts, or 0 for whole batches"),
		demand.That(c.SaveEvery >= 0, "SaveEvery", c.SaveEvery, "want a number of steps, or 0 for the end of epochs only"),
		demand.That(c.Best == "" || c.Valid != nil, "Best", c.Best, "there is no Valid to say what is best"),
		demand.That(c.Best == "" || c.Best != c.Checkpoint, "Best", c.Best, "want another file than Checkpoint"),
	)
}

func fault(field string, value any, format string, args ...any) error {
	return &residuum.ConfigError{Struct: "train.Config", Field: field, Value: value, Reason: fmt.Sprintf(format, args...)}
}

// Step is where a run stands after a step.
type Step struct {
	Done, Total  int        // steps, of all epochs
	Epoch, Batch int        // of the step; both count from 1
	Rate         float64    // learning rate
	Loss         float64    // that was minimised, of this batch before the step
	GradNorm     float64    // before clipping; 0 without Config.ClipNorm
	Score        data.Score // of the epoch so far, each batch as the model was then
}

// String returns a line such as "epoch 2, batch 7: loss 0.4312 at rate 0.1".
func (s Step) String() string {
	return fmt.Sprintf("epoch %d, batch %d: loss %.4f at rate %.3g", s.Epoch, s.Batch, s.Loss, s.Rate)
}

// Epoch is what came out of an epoch.
type Epoch struct {
	Number int        `json:"number"` // from 1
	Train  data.Score `json:"train"`  // each batch as the model was then
	Valid  data.Score `json:"valid"`  // of Config.Valid, after the epoch
	Best   bool       `json:"best"`   // whether Valid is better than after all epochs before
}

// String returns a line such as "epoch 2: 91.0 % of 10000 right, loss 0.2512; validation 88.5 % of 2000 right, loss 0.3100".
func (e Epoch) String() string {
	line := fmt.Sprintf("epoch %d: %v", e.Number, e.Train)
	if e.Valid.Examples > 0 {
		line += fmt.Sprintf("; validation %v", e.Valid)
	}
	if e.Best {
		line += ", the best so far"
	}
	return line
}
