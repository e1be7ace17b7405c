package optim

import (
	"errors"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/demand"
)

// Schedule gives the learning rate of a step, counted from 0, in a run of total steps.
// It is a pure function, so a training run that is resumed needs no state beside the count of steps. The schedules of
// this package have their places in fractions of the run, so one is for runs of any length. A total below 1 is a panic.
type Schedule interface {
	Rate(step, total int) float64
}

// ScheduleFunc is a function as a [Schedule].
type ScheduleFunc func(step, total int) float64

// Rate returns f(step, total).
func (f ScheduleFunc) Rate(step, total int) float64 { return f(step, total) }

// CheckSchedule returns an error if s is nil, and a [*residuum.ConfigError] if it is of this package and its fields
// make no sense.
func CheckSchedule(s Schedule) error {
	if s == nil {
		return errors.New("optim: no schedule")
	}
	if c, ok := s.(interface{ check() error }); ok {
		return c.check()
	}
	return nil
}

// Constant is the same rate at every step.
type Constant float64

// Rate implements [Schedule].
func (c Constant) Rate(_, _ int) float64 { return float64(c) }

func (c Constant) check() error { return demand.All("optim.Constant", rateCheck("Rate", float64(c))) }

// Cosine rises linearly to Peak over the warm-up, w = floor(Warmup*total) steps, then falls along half a cosine,
// reaching 0 at step total and staying there:
//
//	Peak * (step+1) / w                              in the warm-up
//	Peak * (1 + cos(pi * (step-w)/(total-w))) / 2    after it
//
// Loshchilov and Hutter 2017, equation 5, without restarts; warm-up as in Goyal et al. 2017.
type Cosine struct {
	Peak   float64
	Warmup float64 // fraction of the run
}

// Rate implements [Schedule].
func (c Cosine) Rate(step, total int) float64 {
	wantSteps("Cosine", total)
	warmup := int(c.Warmup * float64(total))
	switch {
	case step >= total:
		return 0
	case step < warmup:
		return c.Peak * float64(step+1) / float64(warmup)
	}
	return anneal(c.Peak, 0, float64(step-warmup)/float64(total-warmup))
}

func (c Cosine) check() error {
	return demand.All("optim.Cosine", rateCheck("Peak", c.Peak), fractionCheck("Warmup", c.Warmup))
}

// Steps begins at Peak and multiplies the rate by Factor at each of the places At, rounded to steps. With Factor and At
// left zero these are those of the published CIFAR ResNets, a tenth after half of the run and another after three quarters
// (32k and 48k of 64k steps; He et al. 2016a, section 4.2).
type Steps struct {
	Peak   float64
	Factor float64   // 0 means 0.1
	At     []float64 // fractions of the run; nil means 0.5 and 0.75
}

// Rate implements [Schedule].
func (s Steps) Rate(step, total int) float64 {
	wantSteps("Steps", total)
	rate, factor := s.Peak, orElse(s.Factor, 0.1)
	for _, at := range s.places() {
		if float64(step) >= math.Round(at*float64(total)) {
			rate *= factor
		}
	}
	return rate
}

var halfAndThreeQuarters = []float64{0.5, 0.75}

func (s Steps) places() []float64 {
	if s.At == nil {
		return halfAndThreeQuarters
	}
	return s.At
}

func (s Steps) check() error {
	checks := []demand.Demand{rateCheck("Peak", s.Peak), rateCheck("Factor", orElse(s.Factor, 0.1))}
	for i, at := range s.At {
		checks = append(checks, fractionCheck(fmt.Sprintf("At[%d]", i), at))
	}
	return demand.All("optim.Steps", checks...)
}

// OneCycle rises along half a cosine from Peak/25 to Peak over the first Rise of the run, then falls along another to
// Peak/250000 in the last step, where it stays. A rise of less than one step begins at the peak, so a run of one
// step has that rate. Smith and Topin 2019, with the shape and constants of PyTorch's OneCycleLR, which would begin such
// a run below the peak.
type OneCycle struct {
	Peak float64
	Rise float64 // fraction of the run; 0 means 0.3
}

// Rate implements [Schedule].
func (c OneCycle) Rate(step, total int) float64 {
	wantSteps("OneCycle", total)
	top, last := max(orElse(c.Rise, 0.3)*float64(total)-1, 0), float64(total-1)
	first := c.Peak / 25
	t := min(float64(step), last)
	switch {
	case t < top:
		return anneal(first, c.Peak, t/top)
	case t == top:
		return c.Peak
	}
	return anneal(c.Peak, first/1e4, (t-top)/(last-top))
}

func (c OneCycle) check() error {
	return demand.All("optim.OneCycle", rateCheck("Peak", c.Peak), fractionCheck("Rise", c.Rise))
}

func wantSteps(op string, total int) {
	if total < 1 {
		panic(fmt.Sprintf("optim: %s: a run of %d steps: want at least one", op, total))
	}
}

func rateCheck(field string, v float64) demand.Demand {
	return demand.That(v > 0 && finite(v), field, v, "want more than 0, and finite in float32")
}

func fractionCheck(field string, v float64) demand.Demand {
	return demand.That(v >= 0 && v <= 1, field, v, "want a fraction of the run, from 0 to 1")
}

// anneal goes from one rate to another along half a cosine as t goes from 0 to 1.
func anneal(from, to, t float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*t))/2 }
