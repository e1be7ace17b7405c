package main

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/examples/internal/report"
	"github.com/residuum-go/residuum/unravel"
)

// Results is results.json: every number of the report. Accuracies and shares are in [0, 1], losses in
// nats, block indices count from 1 as in the figures. What was not measured is absent.
type Results struct {
	Started time.Time      `json:"started"`
	Config  Config         `json:"config"`
	Machine report.Machine `json:"machine"`
	Data    DataInfo       `json:"data"`
	Running bool           `json:"running,omitempty"` // the run has not come to its end yet
	Missing []string       `json:"missing,omitempty"` // parts that it did not reach, or not yet
	Nets    []*Net         `json:"nets"`
}

// DataInfo says what the nets were trained and measured on.
type DataInfo struct {
	Source     string `json:"source"`
	Train      int    `json:"train_images"`
	Test       int    `json:"test_images"`
	Studied    int    `json:"test_images_in_studies"`
	Gradient   int    `json:"test_images_in_gradient_studies"`
	ClassCount int    `json:"classes"`
}

// Net is all that was measured on one network.
type Net struct {
	Name       string      `json:"name"`
	Seed       uint64      `json:"seed"`
	Done       []string    `json:"done"` // the parts that have been measured
	About      string      `json:"about"`
	Parameters int         `json:"parameters"`
	Blocks     []BlockInfo `json:"blocks"`
	Training   []Reading   `json:"training"`
	Seconds    float64     `json:"training_seconds"`
	Test       data.Score  `json:"test"` // unharmed, on all test images

	// On the studied images only:
	Whole        *data.Score  `json:"whole,omitempty"`         // unharmed
	DeleteOne    []data.Score `json:"delete_one,omitempty"`    // by block
	DeleteRandom []Lesions    `json:"delete_random,omitempty"` // by number of blocks deleted
	Reorder      []Lesions    `json:"reorder,omitempty"`       // by number of swaps

	// With the statistics of batch norm estimated anew after each deletion, from training images:
	Recalibrated      []data.Score `json:"delete_one_recalibrated,omitempty"` // by block
	WholeRecalibrated *data.Score  `json:"whole_recalibrated,omitempty"`      // nothing deleted

	Growth []Snapshot `json:"growth,omitempty"` // during training

	Paths    *PathCount            `json:"paths,omitempty"`
	Gradient *unravel.LengthReport `json:"gradient,omitempty"`
	SumError float64               `json:"gradient_sum_error,omitempty"` // |sum over lengths - ordinary gradient| / |ordinary gradient|
	Forward  *ForwardStudy         `json:"forward,omitempty"`
	Link     []unravel.Iteration   `json:"boosting_link,omitempty"` // by block
}

// trained reports whether the net has been trained to the end, and tested.
func (n *Net) trained() bool { return slices.Contains(n.Done, trainingPart) }

// timeless returns the results without what depends on time.
func (n *Net) timeless() *Net {
	c := *n
	c.Seconds, c.Training = 0, slices.Clone(n.Training)
	for i := range c.Training {
		c.Training[i].Seconds = 0
	}
	return &c
}

// residual reports whether the net adds its skips.
func (n *Net) residual() bool { return n.Name != "plain" && n.Name != "vgg" && n.Name != "vgg-nobn" }

// BlockInfo describes one block.
type BlockInfo struct {
	Stage      int  `json:"stage"`
	Downsample bool `json:"downsample"` // changes the shape, so its skip is not the identity
}

// Reading is what a net had learned at some time of its training, or after a boosting stage.
type Reading struct {
	Images       int     `json:"images"` // seen so far; a boosting stage counts its rows once
	Loss         float64 `json:"loss"`
	Accuracy     float64 `json:"accuracy"` // on the training images of this epoch, as augmented
	TestAccuracy float64 `json:"test_accuracy"`
	Seconds      float64 `json:"seconds"` // since training began
}

// Lesions are the scores of random plans of one kind.
type Lesions struct {
	Count  int          `json:"count"` // blocks deleted, or swaps
	Plans  []string     `json:"plans"`
	Tau    []float64    `json:"kendall_tau"`
	Scores []data.Score `json:"scores"`
}

func (l Lesions) accuracy() unravel.Spread {
	v := make([]float64, len(l.Scores))
	for i, s := range l.Scores {
		v[i] = s.Accuracy()
	}
	return unravel.SpreadOf(v)
}

// tau is the mean over the draws.
func (l Lesions) tau() float64 { return unravel.SpreadOf(l.Tau).Mean }

// PathCount is the unraveled view in numbers.
type PathCount struct {
	Count        string    `json:"count"` // 2^n in full
	Distribution []float64 `json:"share_by_length"`
	Middle       [2]int    `json:"middle_lengths"` // the shortest range around n/2 with at least 95 % of all paths
	MiddleShare  float64   `json:"middle_share"`
}

// ForwardStudy is what can be read from the net before all blocks have acted.
type ForwardStudy struct {
	EarlyExit []data.Score          `json:"early_exit"` // the first m blocks, then the head; m = 0..n
	Picard    []unravel.PicardOrder `json:"picard"`

	// What the paths of each length contribute to the logit of the right class less the mean of all
	// logits, mean over the images of the gradient studies. State is from the stem's output and Offset
	// from the biases inside the blocks, by length; with Rest they add up to Logit.
	State  []float64 `json:"logit_by_length_from_state"`
	Offset []float64 `json:"logit_by_length_from_biases"`
	Rest   float64   `json:"logit_from_head"`
	Logit  float64   `json:"logit"`
}

// Lacks lists what is missing in short: a net of which nothing is there as one item.
func (r *Results) Lacks() []string {
	var short []string
	for _, m := range r.Missing {
		net, part, _ := strings.Cut(m, ": ")
		switch {
		case part == trainingPart:
			short = append(short, net)
		case len(short) == 0 || short[len(short)-1] != net:
			short = append(short, m)
		}
	}
	return short
}

// add puts the results of a net where they belong, in whichever order they become known.
func (r *Results) add(n *Net) {
	r.Nets = append(r.Nets, n)
	slices.SortFunc(r.Nets, func(a, b *Net) int {
		return cmp.Or(cmp.Compare(a.Seed-r.Config.Seed, b.Seed-r.Config.Seed),
			cmp.Compare(slices.Index(r.Config.Nets, a.Name), slices.Index(r.Config.Nets, b.Name)))
	})
}

// net returns the results of a net with the first seed, or nil if there are none.
func (r *Results) net(name string) *Net {
	if all := r.seeds(name); len(all) > 0 {
		return all[0]
	}
	return nil
}

// seeds returns the results of a net with each seed.
func (r *Results) seeds(name string) []*Net {
	var all []*Net
	for _, n := range r.Nets {
		if n.Name == name {
			all = append(all, n)
		}
	}
	return all
}
