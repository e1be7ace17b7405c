package boost

import (
	"fmt"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/demand"
)

// Config says how to boost. Loss, Learner, Stages and Rate have to be set.
type Config struct {
	Loss    Loss    // what the scores are to minimise
	Learner Learner // what is fitted in each stage
	Stages  int     // M, with those of From
	Rate    float64 // nu in (0, 1]: the share of each step that is taken

	// Newton chooses the target of a stage. Without it, learners fit the negative gradient -g, and
	// rho_m is found by line search on all rows. With it, they fit the Newton step -g/H with weights H, the diagonal of
	// the Hessian; then rho_m = 1, for the step already has the right length. Steps of a [Scorer] or [Listwise] are clipped
	// to +-4 as in LogitBoost, but for a [Preparer].
	Newton bool

	// Subsample is the share of the rows, drawn anew without replacement, that a learner is fitted
	// on (Friedman 2002, "Stochastic gradient boosting"); 0 means all. GOSS chooses by the gradient instead.
	Subsample float64
	GOSS      GOSS

	// Chained lets learner m > 0 see the features of learner m-1 beside x. What the Learner makes must be Featured.
	Chained bool

	// Corrective, if not nil, says how to train all learners so far and their factors together on the loss itself, after each
	// stage (Badirli et al. 2020, "Gradient Boosting Neural Networks: GrowNet"). Learners must be modules, such as nets.
	// With Chained and Newton that is GrowNet; Rate is what its boost rates begin with.
	Corrective *Training

	// Valid is a validation set, if there is one. Patience stops after so many stages in a row without a better
	// loss on it, or Metric if there is one; 0 means never. However the fit ends, the stages behind the best are dropped then.
	Valid    *Data
	Patience int
	Metric   Metric

	// Watch are further sets, of which reports say the loss and the Metric. They do not decide when to stop, but like any loss
	// theirs has to be finite.
	Watch []Data

	// From is an ensemble to go on from, fitted on such rows by such a learner, trees of any kind by a Tree. Its stages, which
	// do not change, are the first of the new ensemble, and with the same data and Seed the next are those that it would have
	// had. It may have been loaded, also from XGBoost's or LightGBM's files.
	From *Ensemble

	Seed uint64 // of all random choices

	OnStage  func(Report) error    // called after every stage; an error ends the fit, with that stage
	Progress func(done, total int) // called after every stage, with numbers of stages
}

// Report describes an ensemble after a stage. The loss of a score is that of Config.Loss, weighted as the rows are. What is
// right counts rows, whatever their weight, and is nothing for a loss that is not a [Scorer].
type Report struct {
	Stage, Stages int     // stages fitted, stages asked for
	Rows          int     // rows that the learner was fitted on
	Rho           float64 // result of the line search; 1 with Newton
	Train         data.Score
	Valid         data.Score // zero without Config.Valid
	Metric        float64    // that of the Config on Config.Valid, if it has one
	Watched       []Watched  // what the ensemble does on each set of Config.Watch

	classes bool   // whether there is something to be right about
	metric  string // its name, or "" if there is none
}

// Watched is what an ensemble does on a set of Config.Watch.
type Watched struct {
	Score  data.Score
	Metric float64 // that of the Config, if it has one
}

// String returns a line such as "stage 3 of 27: 91.0 % of 10000 right, loss 0.2512; validation 88.5 % of 2000 right, loss
// 0.3100", and the metric behind it, and the same for sets that are watched.
func (r Report) String() string {
	text := func(s data.Score) string {
		if r.classes {
			return s.String()
		}
		return fmt.Sprintf("loss %.4f", s.Loss())
	}
	line := fmt.Sprintf("stage %d of %d: %s", r.Stage, r.Stages, text(r.Train))
	set := func(name string, s data.Score, metric float64) {
		line += "; " + name + " " + text(s)
		if r.metric != "" {
			line += fmt.Sprintf(", %s %.4f", r.metric, metric)
		}
	}
	if r.Valid.Examples > 0 {
		set("validation", r.Valid, r.Metric)
	}
	for i, w := range r.Watched {
		set(fmt.Sprintf("set %d", i+1), w.Score, w.Metric)
	}
	return line
}

func (c Config) check() error {
	_, listwise := c.Loss.(Listwise)
	return demand.All("boost.Config",
		demand.That(c.Loss != nil, "Loss", c.Loss, "want a loss such as Softmax{}"),
		demand.That(c.Learner != nil, "Learner", c.Learner, "want a learner such as MLP{Hidden: 32}"),
		demand.That(c.Stages >= 1, "Stages", c.Stages, "want at least 1"),
		demand.That(c.Rate > 0 && c.Rate <= 1, "Rate", c.Rate, "want a share in (0, 1]"),
		demand.That(c.Subsample >= 0 && c.Subsample <= 1, "Subsample", c.Subsample, "want a share in [0, 1]"),
		demand.That(c.Subsample == 0 || c.GOSS == GOSS{}, "Subsample", c.Subsample, "GOSS samples, too: want one of them"),
		demand.That(c.GOSS.valid(), "GOSS", c.GOSS, "want shares Top and Rest in (0, 1) that sum to at most 1, or neither"),
		demand.That(c.Patience >= 0, "Patience", c.Patience, "want stages, or 0 for none"),
		demand.That(c.Patience == 0 || c.Valid != nil, "Patience", c.Patience, "there is no validation set"),
		demand.That(c.From == nil || c.Stages >= c.From.Len(), "Stages", c.Stages, "From has more"),
		demand.That(c.Metric.Of == nil || c.Metric.Name != "", "Metric", c.Metric.Name, "want a name for reports"),
		demand.That(c.Metric.Of == nil || c.Valid != nil || len(c.Watch) > 0, "Metric", c.Metric.Name, "there is no validation set"),
		demand.That(c.Corrective == nil || c.From == nil, "Corrective", c.Corrective, "its steps would change the stages of From"),
		demand.That(c.Corrective == nil || !listwise, "Corrective", c.Corrective, "its steps are on rows, and the loss is of groups"),
	)
}
