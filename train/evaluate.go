package train

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/nn"
)

// Evaluate returns the score of a model on batches, computed without a tape:
//
//	score, err := train.Evaluate(ctx, net, set.Batches(norm, 250))
//
// It only reads the model, so several calls may run at once. Whoever wants to see its progress counts the batches that it
// takes. Its errors are the context's, wrapped together with its cause, the Err of a batch, what the arguments lack (a
// model, examples that it takes, logits for every label), and a [*NonFiniteError], which comes with the score.
func Evaluate(ctx context.Context, model nn.Module, batches iter.Seq[data.Batch]) (data.Score, error) {
	if model == nil {
		return data.Score{}, errors.New("train: Evaluate: the model is nil")
	}
	scores, err := evaluate(ctx, model, batches)
	if err != nil {
		return data.Score{}, err
	}
	seen := sum(scores)
	switch {
	case seen.Examples == 0:
		return seen, errors.New("train: Evaluate: there are no examples")
	case seen.NonFinite > 0:
		return seen, &NonFiniteError{NonFinite: seen.NonFinite, Examples: seen.Examples}
	}
	return seen, nil
}

func sum(scores []data.Score) (all data.Score) {
	for _, s := range scores {
		all = all.Plus(s)
	}
	return all
}

// evaluate returns the score of each batch.
func evaluate(ctx context.Context, model nn.Module, batches iter.Seq[data.Batch]) (scores []data.Score, err error) {
	examples := 0
	for b := range batches {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("train: evaluation stopped after %d examples: %w", examples, cancelled.Err(ctx))
		}
		if b.Err != nil {
			return nil, fmt.Errorf("train: Evaluate: %w", b.Err)
		}
		logits, err := forward(model, autograd.Const(b.X))
		if err != nil {
			return nil, fmt.Errorf("train: Evaluate: the model does not take examples %v: %w", b.X.Shape(), err)
		}
		if err := checkShape(logits.Shape(), len(b.Labels)); err != nil {
			return nil, fmt.Errorf("train: Evaluate: model: %w", err)
		}
		if err := checkLabels(b.Labels, logits.Shape()[1], examples); err != nil {
			return nil, fmt.Errorf("train: Evaluate: %w", err)
		}
		scores = append(scores, data.ScoreOf(logits.Value(), b.Labels))
		examples += len(b.Labels)
	}
	return scores, nil
}

// NonFiniteError says that a model gives some examples logits that are NaN or infinite. They count as
// misclassified, and have no part in the loss.
type NonFiniteError struct{ NonFinite, Examples int }

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("train: the logits of %d of %d examples are NaN or infinite; they count as misclassified", e.NonFinite, e.Examples)
}
