package boost

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Learner is one weak hypothesis h: R^d -> R^K of an ensemble. One that is made of parameters is an nn.Module too.
type Learner interface {
	// Fit makes h minimise sum_ik w_ik (target_ik - h_k(x_i))^2 approximately. x is [N, ...] in the
	// shape announced to the Family, target is [N, K], weight is [N, K] with mean one, or nil for
	// ones. It fails with ctx's error when cancelled and with ErrDiverged when no longer finite.
	Fit(ctx context.Context, x, target, weight *tensor.Tensor) error
	// Forward returns h(x), [N, K]. Beside a constant it must be safe for concurrent use. A learner
	// without a useful derivative (a tree) returns a constant.
	Forward(x *autograd.Var) *autograd.Var
}

// Featured is a learner h(x) = Output(Features(x)) whose inner features [N, f] the next stage of a
// chained ensemble sees.
type Featured interface {
	Learner
	Features(x *autograd.Var) *autograd.Var
	Output(features *autograd.Var) *autograd.Var
}

// Input describes the inputs of a learner. Without features of an earlier stage a row has shape Row;
// with them it is flat, the elements of the row followed by the features.
type Input struct {
	Row      []int // shape of one example, such as [784] or [28, 28, 1]
	Features int   // width of the features of the stage before, or 0
}

// Width returns the number of elements of a row.
func (in Input) Width() int {
	n := in.Features
	d := 1
	for _, s := range in.Row {
		d *= s
	}
	return n + d
}

// check reports whether a family can make a learner of such inputs and so many outputs.
func (in Input) check(family string, outputs int) error {
	if in.Width() < 1 || in.Features < 0 || outputs < 1 {
		return fmt.Errorf("%s of rows %v, %d features and %d outputs, want at least one element and one output: %w",
			family, in.Row, in.Features, outputs, ErrConfig)
	}
	return nil
}

// Family makes the learners of an ensemble.
type Family interface {
	// New returns an unfitted learner with the given number of outputs; all its random choices
	// follow from seed. It fails with ErrConfig if the family cannot take such inputs.
	New(in Input, outputs int, seed uint64) (Learner, error)
}
