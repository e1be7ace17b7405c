package boost

import (
	"context"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Learner makes the weak hypotheses of an ensemble, one for each stage.
type Learner interface {
	// New returns a hypothesis with the given number of outputs that is yet to be fitted. All its random choices come
	// from rng. It fails with a [*residuum.ConfigError] if the learner cannot be or does not take such inputs.
	New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error)
}

// Preparer is a Learner that looks at the inputs once, before the first stage. Its hypotheses get x itself in every
// stage, with weight 0 for rows that a sample leaves out; and as targets Newton steps of any length, which they must not
// fit row by row but sum, as trees do in their leaves: w*target = -g and w.
type Preparer interface {
	// Prepare returns the learner of a fit on inputs x [N, ...]. It fails with a [*residuum.ConfigError] if the learner
	// cannot be or does not take such inputs.
	Prepare(x *tensor.Tensor) (Learner, error)
}

// Hypothesis is one h: R^d -> R^K of an ensemble. One that is made of parameters is an nn.Module too.
type Hypothesis interface {
	// Fit makes h minimise sum_ik w_ik (target_ik - h_k(x_i))^2 approximately. x is [N, ...] in the
	// shape announced to New, target is [N, K], weight is [N, K], not all zero, or nil for ones; that of a row has the
	// mean one, times the Hessian with Config.Newton. It fails with ctx's error when cancelled and with ErrDiverged
	// when no longer finite. target and weight are written to again when it has returned.
	Fit(ctx context.Context, x, target, weight *tensor.Tensor) error
	// Forward returns h(x), [N, K]. Beside a constant it must be safe for concurrent use. The
	// result of one without a useful derivative (a tree) is a leaf of x's tape.
	Forward(x *autograd.Var) *autograd.Var
}

// Featured is a hypothesis h(x) = Output(Features(x)) whose inner features [N, f] the next stage of a
// chained ensemble sees.
type Featured interface {
	Hypothesis
	Features(x *autograd.Var) *autograd.Var
	Output(features *autograd.Var) *autograd.Var
}

// Input describes the inputs of a hypothesis. Without features of an earlier stage a row has shape Row;
// with them it is flat, the elements of the row followed by the features.
type Input struct {
	Row      []int // shape of one example, such as [784] or [28, 28, 1]
	Features int   // width of the features of the stage before, or 0
}

// Width returns the number of elements of a row.
func (in Input) Width() int {
	n := 1
	for _, s := range in.Row {
		n *= s
	}
	return n + in.Features
}
