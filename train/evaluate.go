package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/nn"
)

// Evaluate returns the score of a model on a dataset, computed without a tape in batches of the
// given size. It only reads the model, so several calls may run at once. Its errors are the context's,
// wrapped together with its cause, what the arguments lack (a model, images that it takes, a batch of at least
// 1, logits for every label), and a [*NonFiniteError], which comes with the score.
func Evaluate(ctx context.Context, model nn.Module, set *data.Dataset, norm data.Norm, batch int) (data.Score, error) {
	switch {
	case model == nil:
		return data.Score{}, errors.New("train: Evaluate: the model is nil")
	case set == nil || set.Len() == 0:
		return data.Score{}, errors.New("train: Evaluate: the dataset holds no images")
	case batch < 1:
		return data.Score{}, fmt.Errorf("train: Evaluate: batches of %d images, want at least 1", batch)
	}
	var seen data.Score
	for b := range set.Batches(norm, batch) {
		if ctx.Err() != nil {
			return data.Score{}, fmt.Errorf("train: evaluation stopped after %d of %d images: %w", seen.Examples, set.Len(), cancelled.Err(ctx))
		}
		logits, err := forward(model, autograd.Const(b.X))
		if err != nil {
			return data.Score{}, fmt.Errorf("train: Evaluate: the model does not take these images: %w", err)
		}
		if err := checkShape(logits.Shape(), len(b.Labels)); err != nil {
			return data.Score{}, fmt.Errorf("train: Evaluate: model: %w", err)
		}
		if err := checkLabels(b.Labels, logits.Shape()[1], seen.Examples); err != nil {
			return data.Score{}, fmt.Errorf("train: Evaluate: %w", err)
		}
		seen = seen.Plus(data.ScoreOf(logits.Value(), b.Labels))
	}
	if seen.NonFinite > 0 {
		return seen, &NonFiniteError{Images: seen.NonFinite, Of: set.Len()}
	}
	return seen, nil
}

// NonFiniteError says that a model gives some images logits that are NaN or infinite. They count as
// misclassified, and have no part in the loss.
type NonFiniteError struct{ Images, Of int }

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("train: the logits of %d of %d images are NaN or infinite; they count as misclassified", e.Images, e.Of)
}
