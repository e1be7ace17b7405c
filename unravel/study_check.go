package unravel

import (
	"errors"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// check returns an error that names the field of the study that is missing or does not fit.
func (s *Study) check() error {
	if err := s.checkInputs(); err != nil {
		return err
	}
	return checkLabels(s.Batches, math.MaxInt)
}

// checkInputs checks everything but labels.
func (s *Study) checkInputs() error {
	switch {
	case s.Net == nil:
		return errors.New("Study.Net is nil: it is the network to measure")
	case len(s.Batches) == 0:
		return errors.New("Study.Batches is empty: it holds the examples to measure on")
	case s.Reference != nil && len(s.Reference) == 0:
		return errors.New("Study.Reference is empty: nil means the examples of Batches")
	}
	for i, b := range s.Batches {
		if err := checkExamples(b, fmt.Sprintf("Study.Batches[%d]", i)); err != nil {
			return err
		}
	}
	for i, b := range s.Reference {
		if err := checkExamples(b, fmt.Sprintf("Study.Reference[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// checkLogits checks the labels of all batches once the logits of one say how many classes there are.
func (s *Study) checkLogits(logits *tensor.Tensor) error {
	return checkLabels(s.Batches, classesOf(logits))
}

// record runs the whole net on a batch of a study that has been checked, and checks the labels once more.
func (s *Study) record(batch int, branches bool) (*Activations, error) {
	acts := Record(s.Net, s.Batches[batch].X, branches)
	return acts, s.checkLogits(acts.Logits)
}

// checkLabels checks that every example of a study has a label, and that it is one of that many classes.
func checkLabels(batches []data.Batch, classes int) error {
	for i, b := range batches {
		if err := checkClasses(b, fmt.Sprintf("Study.Batches[%d]", i), classes); err != nil {
			return err
		}
	}
	return nil
}

// checkExamples checks that there are examples. name is what the caller calls the batch.
func checkExamples(b data.Batch, name string) error {
	if b.X == nil {
		return fmt.Errorf("%s.X is nil", name)
	}
	if b.X.Rank() == 0 || b.X.Dim(0) == 0 {
		return fmt.Errorf("%s.X %v has no examples", name, b.X.Shape())
	}
	return nil
}

// checkClasses checks that there is a label for each example, and that it is one of that many classes.
func checkClasses(b data.Batch, name string, classes int) error {
	if len(b.Labels) != b.X.Dim(0) {
		return fmt.Errorf("%s has %d labels for the %d examples of X %v", name, len(b.Labels), b.X.Dim(0), b.X.Shape())
	}
	for i, l := range b.Labels {
		if l < 0 {
			return fmt.Errorf("%s.Labels[%d] is %d: classes count from 0", name, i, l)
		}
		if l >= classes {
			return fmt.Errorf("%s.Labels[%d] is %d: the net has %d classes, from 0", name, i, l, classes)
		}
	}
	return nil
}

// classesOf returns the number of classes of logits.
func classesOf(logits *tensor.Tensor) int {
	if logits.Rank() != 2 {
		panic(fmt.Sprintf("unravel: Head: logits %v: want [examples, classes]", logits.Shape()))
	}
	return logits.Dim(1)
}
