package train

import (
	"context"
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Evaluate returns the metrics of a model on a dataset, computed without a tape in batches of the
// given size. It only reads the model, so several calls may run at once. Its error is the context's, or
// a [*NonFiniteError], which comes with the metrics.
func Evaluate(ctx context.Context, model nn.Module, set *data.Dataset, norm data.Norm, batch int) (Metrics, error) {
	if batch < 1 || set.Len() == 0 {
		panic(fmt.Sprintf("train: Evaluate: batches of %d from %d images", batch, set.Len()))
	}
	var seen totals
	var predictions []int
	nonFinite := 0
	for lo := 0; lo < set.Len(); lo += batch {
		if ctx.Err() != nil {
			return Metrics{}, fmt.Errorf("train: evaluation stopped after %d of %d images: %w", lo, set.Len(), context.Cause(ctx))
		}
		hi := min(lo+batch, set.Len())
		labels := set.Labels[lo:hi]
		logits := model.Forward(autograd.Const(set.Images(nil, norm, lo, hi)))
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
