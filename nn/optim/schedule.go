package optim

import (
	"fmt"
	"math"
)

// Schedule gives the learning rate of a step, counted from 0. It is a pure function, so a training
// run that is resumed needs no state beside the count of steps.
type Schedule func(step int) float64

// Constant is the same rate at every step.
func Constant(rate float64) Schedule { return func(int) float64 { return rate } }

// Cosine rises linearly to rate over the first warmup steps, rate*(step+1)/warmup, then falls along
// half a cosine, reaching 0 at step total and staying there:
//
//	rate * (1 + cos(pi * (step-warmup)/(total-warmup))) / 2
//
// Loshchilov and Hutter 2017, equation 5, without restarts; warm-up as in Goyal et al. 2017.
func Cosine(rate float64, warmup, total int) Schedule {
	if warmup < 0 || total < 1 || warmup > total {
		panic(fmt.Sprintf("optim: Cosine: warm-up %d of %d steps", warmup, total))
	}
	return func(step int) float64 {
		if step < warmup {
			return rate * float64(step+1) / float64(warmup)
		}
		if step >= total {
			return 0
		}
		return anneal(rate, 0, float64(step-warmup)/float64(total-warmup))
	}
}

// Steps multiplies rate by factor at each of the given steps. The published CIFAR ResNets divide by
// 10 after 32k and 48k of 64k steps: Steps(0.1, 0.1, 32000, 48000).
func Steps(rate, factor float64, at ...int) Schedule {
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
// 0.3) of total steps, then falls along another to peak/250000, where it stays. Smith and Topin
// 2019, with the shape and constants of PyTorch's OneCycleLR.
func OneCycle(peak, rise float64, total int) Schedule {
	top, last := rise*float64(total)-1, float64(total-1)
	if !(top > 0 && top < last) {
		panic(fmt.Sprintf("optim: OneCycle: rise over %v of %d steps", rise, total))
	}
	first := peak / 25
	return func(step int) float64 {
		t := min(float64(step), last)
		if t <= top {
			return anneal(first, peak, t/top)
		}
		return anneal(peak, first/1e4, (t-top)/(last-top))
	}
}

// anneal goes from one rate to another along half a cosine as t goes from 0 to 1.
func anneal(from, to, t float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*t))/2 }
