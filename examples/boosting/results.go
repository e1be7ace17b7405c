package main

import (
	"slices"
	"time"

	"github.com/residuum-go/residuum/boost"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/report"
)

// Results is results.json: every number of the report. Accuracies and shares are in [0, 1], losses in nats, members count
// from 0.
type Results struct {
	Started time.Time      `json:"started"`
	Config  Config         `json:"config"`
	Machine report.Machine `json:"machine"`
	Source  string         `json:"source"`
	Train   int            `json:"train_images"`
	Test    int            `json:"test_images"`
	Running bool           `json:"running,omitempty"` // the run has not come to its end yet
	Models  []*Model       `json:"models"`
	Papers  *Papers        `json:"papers,omitempty"`
}

// Model is all that was measured on one model with one seed. Its members are the blocks of a net, the stages of boosting
// or the nets of a bag. Members act on the logits: F_0 are those of the model without any, F_m those with the first m.
type Model struct {
	Name       string       `json:"name"`
	About      string       `json:"about"`
	Seed       uint64       `json:"seed"`
	Parameters int          `json:"parameters,omitempty"` // of nets
	Bytes      int64        `json:"file_bytes,omitempty"`
	Seconds    float64      `json:"training_seconds,omitempty"`
	Curve      []Reading    `json:"learning_curve,omitempty"`
	Test       data.Score   `json:"test"`
	ECE        float64      `json:"expected_calibration_error"`
	Bins       []Bin        `json:"reliability"`
	Exits      []data.Score `json:"truncated"`  // to the first m members, m = 0 ... M
	DeleteOne  []data.Score `json:"delete_one"` // by member
	DeleteSome []Lesion     `json:"delete_random"`
	Reorder    []Lesion     `json:"reorder"`
	Members    []Member     `json:"members"`

	// Correlation of what two members add to the logits, over images and classes, mean over all pairs; and the share of
	// images on which two members, each alone, predict different classes.
	Correlation  float64 `json:"mean_correlation"`
	Disagreement float64 `json:"mean_disagreement"`

	Isolation Isolation `json:"isolation"`

	Modules []boost.WeakModule `json:"weak_modules,omitempty"` // of BoostResNet
}

// Reading is what a model had learned after an epoch or a stage.
type Reading struct {
	Step  int        `json:"step"`
	Train data.Score `json:"train"`
	Test  data.Score `json:"test"`
}

// Bin is a bar of a reliability diagram: the images whose confidence, the largest probability, is in it.
type Bin struct {
	Images     int     `json:"images"`
	Confidence float64 `json:"confidence"` // mean
	Accuracy   float64 `json:"accuracy"`
}

// Lesion is the accuracy after lesions of one kind.
type Lesion struct {
	Count    int     `json:"count"` // members deleted, or swaps
	Tau      float64 `json:"kendall_tau"`
	Accuracy float64 `json:"accuracy"` // mean over the draws
	Change   float64 `json:"change"`   // of the logits: largest over their root mean square
}

// Member says what member m does. Logits are taken less their mean over the classes, which no probability depends on.
type Member struct {
	Name string `json:"name"`
	// OwnCosine is that of what the member adds to the logits, D = F_{m+1} - F_m, with the negative gradient of the loss by
	// F_m, which a boosting stage would be fitted to; EndCosine that with the gradient by the whole model's logits F_M.
	// Means over the images.
	OwnCosine float64 `json:"own_cosine"`
	EndCosine float64 `json:"end_cosine"`
	// Explained is the share of that negative gradient's squares, over all images, that the best multiple of D takes away.
	Explained float64 `json:"explained"`
	// Focus is the correlation, over the images, of the length of that negative gradient with the length of D: whether the
	// member adds most where the ones before it left most over. 0 where no image has more left over than another.
	Focus float64 `json:"focus"`
	// LossRemoved is the loss of F_m less that of F_{m+1}; Mended and Broken are the shares of all images that are
	// classified rightly only with the member, and only without.
	LossRemoved float64 `json:"loss_removed"`
	Mended      float64 `json:"mended"`
	Broken      float64 `json:"broken"`
	Size        float64 `json:"size"` // |D| / |F_M - F_0|, over all images
	// In the space of the states, by unravel's Study.Iterative, of nets whose states are features: the mean cosines of the
	// branch with the negative gradient of the early-exit loss, and of the whole net's loss.
	StateOwnCosine float64 `json:"state_own_cosine,omitempty"`
	StateEndCosine float64 `json:"state_end_cosine,omitempty"`
}

// Isolation says how much of the logits comes from members in isolation: what each adds to F_0 when all others are
// deleted, summed over the members, and set against F_M - F_0.
type Isolation struct {
	Share     float64 `json:"share"`     // the sum's part along F_M - F_0, 1 if members do not interact
	Explained float64 `json:"explained"` // 1 - |F_M - F_0 - sum|^2 / |F_M - F_0|^2
	Accuracy  float64 `json:"accuracy"`  // of F_0 + sum
}

// of returns the results of a model with each seed.
func (r *Results) of(name string) []*Model {
	return slices.DeleteFunc(slices.Clone(r.Models), func(m *Model) bool { return m.Name != name })
}

func each(models []*Model, f func(*Model) float64) []float64 {
	v := make([]float64, len(models))
	for i, m := range models {
		v[i] = f(m)
	}
	return v
}
