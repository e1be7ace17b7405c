package optim

import (
	"math"
	"slices"
)

// Schedule gives the learning rate of a step, counted from 0. It is a pure function, so a training
// run that is resumed needs no state beside the count of steps.
type Schedule func(step int) float64

// Constant is the same rate at every step.
func Constant(rate float64) Schedule {
	checkRate("Constant", rate)
	return func(int) float64 { return rate }
}

// Cosine rises linearly to rate over the first warmup steps, rate*(step+1)/warmup, then falls along
// half a cosine, reaching 0 at step total and staying there:
//
//	rate * (1 + cos(pi * (step-warmup)/(total-warmup))) / 2
//
// A run that is shorter than its warm-up ends within it. Loshchilov and Hutter 2017, equation 5, without
// restarts; warm-up as in Goyal et al. 2017.
func Cosine(rate float64, warmup, total int) Schedule {
	const op = "Cosine"
	checkRate(op, rate)
	checkSteps(op, total)
	want(warmup >= 0, op, "warm-up", float64(warmup), "at least 0 steps")
	return func(step int) float64 {
		switch {
		case step >= total:
			return 0
		case step < warmup:
			return rate * float64(step+1) / float64(warmup)
		}
		return anneal(rate, 0, float64(step-warmup)/float64(total-warmup))
	}
}

// Steps multiplies rate by factor at each of the given steps. The published CIFAR ResNets divide by
// 10 after 32k and 48k of 64k steps: Steps(0.1, 0.1, 32000, 48000).
func Steps(rate, factor float64, at ...int) Schedule {
	checkRate("Steps", rate)
	want(factor >= 0 && finite(factor), "Steps", "factor", factor, "at least 0, and finite in float32")
	at = slices.Clone(at)
	return func(step int) float64 {
		r := rate
		for _, s := range at {
			if step >= s {
				r *= factor
			}
		}
		return r
	}
}

// OneCycle rises along half a cosine from peak/25 to peak over the first rise (a fraction, commonly
// 0.3) of total steps, then falls along another to peak/250000 in the last step, where it stays. A rise of less
// than one step begins at the peak, so a run of one step has that rate. Smith and Topin 2019, with the
// shape and constants of PyTorch's OneCycleLR, which would begin such a run below the peak.
func OneCycle(peak, rise float64, total int) Schedule {
	const op = "OneCycle"
	checkRate(op, peak)
	checkSteps(op, total)
	want(rise >= 0 && rise <= 1, op, "rise", rise, "a fraction from 0 to 1")
	top, last := max(rise*float64(total)-1, 0), float64(total-1)
	first := peak / 25
	return func(step int) float64 {
		t := min(float64(step), last)
		switch {
		case t < top:
			return anneal(first, peak, t/top)
		case t == top:
			return peak
		}
		return anneal(peak, first/1e4, (t-top)/(last-top))
	}
}

func checkSteps(op string, total int) {
	want(total >= 1, op, "total", float64(total), "at least one step")
}

// anneal goes from one rate to another along half a cosine as t goes from 0 to 1.
func anneal(from, to, t float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*t))/2 }
