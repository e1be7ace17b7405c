package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Evaluate returns the metrics of a model on a dataset, computed without a tape in batches of the
// given size. It only reads the model, so several calls may run at once. Its errors are the context's,
// wrapped together with its cause, what the arguments lack (a model, images that it takes, a batch of at least
// 1, logits for every label), and a [*NonFiniteError], which comes with the metrics.
func Evaluate(ctx context.Context, model nn.Module, set *data.Dataset, norm data.Norm, batch int) (Metrics, error) {
	switch {
	case model == nil:
		return Metrics{}, errors.New("train: Evaluate: the model is nil")
	case set == nil || set.Len() == 0:
		return Metrics{}, errors.New("train: Evaluate: the dataset holds no images")
	case batch < 1:
		return Metrics{}, fmt.Errorf("train: Evaluate: batches of %d images, want at least 1", batch)
	}
	var seen totals
	var predictions []int
	nonFinite := 0
	for lo := 0; lo < set.Len(); lo += batch {
		if ctx.Err() != nil {
			return Metrics{}, fmt.Errorf("train: evaluation stopped after %d of %d images: %w", lo, set.Len(), cancelled.Err(ctx))
		}
		hi := min(lo+batch, set.Len())
		labels := set.Labels[lo:hi]
		logits, err := forward(model, autograd.Const(set.Images(nil, norm, lo, hi)))
		if err != nil {
			return Metrics{}, fmt.Errorf("train: Evaluate: the model does not take these images: %w", err)
		}
		if err := checkShape(logits.Shape(), hi-lo); err != nil {
			return Metrics{}, fmt.Errorf("train: Evaluate: model: %w", err)
		}
		if err := checkLabels(labels, logits.Shape()[1], lo); err != nil {
			return Metrics{}, fmt.Errorf("train: Evaluate: %w", err)
		}
		loss := autograd.CrossEntropy(logits, labels, 0)
		seen.Images += hi - lo
		predictions = tensor.Predictions(predictions[:0], logits.Value())
		right, none := correct(predictions, labels)
		seen.Correct += right
		nonFinite += none
		seen.Loss += float64(loss.Value().Item()) * float64(hi-lo)
	}
	if nonFinite > 0 {
		return seen.metrics(), &NonFiniteError{Images: nonFinite, Of: set.Len()}
	}
	return seen.metrics(), nil
}

// NonFiniteError says that a model gives some images logits that are NaN or infinite. They count as
// misclassified, and the loss of all is rarely a number then.
type NonFiniteError struct{ Images, Of int }

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("train: the logits of %d of %d images are NaN or infinite; they count as misclassified", e.Images, e.Of)
}
