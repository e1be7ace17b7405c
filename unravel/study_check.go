package unravel

import (
	"fmt"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// misfit returns an error about a field of a struct of this package.
func misfit(name, field string, value any, reason string, args ...any) error {
	return &residuum.ConfigError{Struct: "unravel." + name, Field: field, Value: value, Reason: fmt.Sprintf(reason, args...)}
}

// check returns an error that names what is missing in the study or does not fit.
func (s *Study) check() error {
	switch {
	case s.net == nil:
		return misfit("Study", "Net", nil, "want the network to measure")
	case len(s.batches) == 0:
		return misfit("Study", "Batches", s.batches, "want the examples to measure on")
	case s.opts.Reference != nil && len(s.opts.Reference) == 0:
		return misfit("Options", "Reference", s.opts.Reference, "want examples, or nil for those of the study")
	case s.opts.Memory < 0:
		return misfit("Options", "Memory", s.opts.Memory, "want a number of bytes, or 0 for 1 GiB")
	}
	for i, b := range s.batches {
		if err := checkExamples("Study", fmt.Sprintf("Batches[%d]", i), b); err != nil {
			return err
		}
		if err := checkLabels(i, b); err != nil {
			return err
		}
	}
	for i, b := range s.opts.Reference {
		if err := checkExamples("Options", fmt.Sprintf("Reference[%d]", i), b); err != nil {
			return err
		}
	}
	return nil
}

// checkExamples checks that there are examples in a batch.
func checkExamples(name, field string, b data.Batch) error {
	if b.X == nil {
		return misfit(name, field+".X", nil, "want examples")
	}
	if b.X.Rank() == 0 || b.X.Dim(0) == 0 {
		return misfit(name, field+".X", b.X.Shape(), "want examples along the first axis")
	}
	return nil
}

// checkLabels checks that there is a label for each example of batch i.
func checkLabels(i int, b data.Batch) error {
	if len(b.Labels) != b.X.Dim(0) {
		return misfit("Study", fmt.Sprintf("Batches[%d].Labels", i), fmt.Sprintf("of length %d", len(b.Labels)),
			"want a label for each of the %d examples of X %v", b.X.Dim(0), b.X.Shape())
	}
	for j, l := range b.Labels {
		if l < 0 {
			return misfit("Study", fmt.Sprintf("Batches[%d].Labels[%d]", i, j), l, "classes count from 0")
		}
	}
	return nil
}

// checkClasses checks the labels of all batches once the logits of one say how many classes there are.
func (s *Study) checkClasses(logits *tensor.Tensor) error {
	classes := classesOf(logits)
	for i, b := range s.batches {
		for j, l := range b.Labels {
			if l >= classes {
				return misfit("Study", fmt.Sprintf("Batches[%d].Labels[%d]", i, j), l, "the net has %d classes, from 0", classes)
			}
		}
	}
	return nil
}

// record runs the whole net on a batch of the study and checks the labels.
func (s *Study) record(batch int, branches bool) (*Activations, error) {
	acts := record(s.net, s.batches[batch].X, branches)
	return acts, s.checkClasses(acts.Logits)
}

// checkBatch panics if the study has no such batch.
func (s *Study) checkBatch(op string, batch int) {
	if batch < 0 || batch >= len(s.batches) {
		panic(fmt.Sprintf("unravel: %s: batch %d of %d", op, batch, len(s.batches)))
	}
}

// longest returns the length that a limit stands for, where 0 and whatever is more than the net has blocks are none.
func longest(name string, limit int, set paths.Set) (int, error) {
	if limit < 0 || limit > 0 && limit < set.Shortest() {
		return 0, misfit(name, "Limit", limit, "want 0 for all lengths, or at least %d, the length of the net's shortest path", set.Shortest())
	}
	if limit == 0 {
		return set.Blocks(), nil
	}
	return min(limit, set.Blocks()), nil
}

// classesOf returns the number of classes of logits.
func classesOf(logits *tensor.Tensor) int {
	if logits.Rank() != 2 {
		panic(fmt.Sprintf("unravel: Head: logits %v: want [examples, classes]", logits.Shape()))
	}
	return logits.Dim(1)
}
