package boost

import "fmt"

// Config says how to boost.
type Config struct {
	Loss    Loss    // what the scores are to minimise
	Learner Family  // what is fitted in each stage
	Stages  int     // M
	Rate    float64 // nu in (0, 1]: the share of each step that is taken

	// Newton chooses the target of a stage. Without it, learners fit the negative gradient -g, and
	// rho_m is found by line search on all rows. With it, they fit the Newton step -g/H, clipped to
	// +-4 as in LogitBoost, with weights H, the diagonal of the Hessian; then rho_m = 1, for the step
	// already has the right length.
	Newton bool

	// Subsample is the share of the rows, drawn anew without replacement, that a learner is fitted
	// on (Friedman 2002, "Stochastic gradient boosting"); 0 means all.
	Subsample float64

	// Chained lets learner m > 0 see the features of learner m-1 beside x. Learners must be Featured.
	Chained bool

	// Patience stops after so many stages in a row without a better loss on the validation set; 0
	// means never. However the fit ends, the stages behind the best are dropped. It needs a validation set.
	Patience int

	Seed     uint64       // of all random choices
	Progress func(Report) // called after every stage, if not nil
}

// Report describes an ensemble after a stage. Losses are weighted means over rows. Accuracies are
// shares in [0, 1], NaN for a loss that is not a Scorer; so is all that concerns a missing validation set.
type Report struct {
	Stage, Stages            int     // stages fitted, stages asked for
	Rows                     int     // rows that the learner was fitted on
	Rho                      float64 // result of the line search; 1 with Newton
	TrainLoss, TrainAccuracy float64
	ValidLoss, ValidAccuracy float64
}

func (c Config) check(valid bool) error {
	switch {
	case c.Loss == nil:
		return fmt.Errorf("Config.Loss is nil, want a loss such as Softmax{}: %w", ErrConfig)
	case c.Learner == nil:
		return fmt.Errorf("Config.Learner is nil, want a family such as MLP{Hidden: 32}: %w", ErrConfig)
	case c.Stages < 1:
		return fmt.Errorf("Config.Stages is %d, want at least 1: %w", c.Stages, ErrConfig)
	case !(c.Rate > 0 && c.Rate <= 1):
		return fmt.Errorf("Config.Rate is %v, want a share in (0, 1]: %w", c.Rate, ErrConfig)
	case !(c.Subsample >= 0 && c.Subsample <= 1):
		return fmt.Errorf("Config.Subsample is %v, want a share in [0, 1]: %w", c.Subsample, ErrConfig)
	case c.Patience < 0:
		return fmt.Errorf("Config.Patience is %d, want stages, or 0 for none: %w", c.Patience, ErrConfig)
	case c.Patience > 0 && !valid:
		return fmt.Errorf("Config.Patience is %d, but there is no validation set: %w", c.Patience, ErrConfig)
	}
	return nil
}
