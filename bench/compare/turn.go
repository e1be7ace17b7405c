package main

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/residuum-go/residuum/bench/worker"
)

// participant is a worker with its prepared case.
type participant struct {
	name       string
	process    *process
	alone      bool    // has one thread: its processor time counts, which other programs disturb less
	work       float64 // of a call, by a yardstick
	calls      int     // in a turn
	ms         []float64
	base, peak int64 // bytes resident before the case, and at most while it ran
}

// calibrate chooses the number of calls so that a turn lasts at least so long.
func (p *participant) calibrate(ctx context.Context, turn time.Duration) error {
	p.calls = 1
	for {
		took, err := p.run(ctx, p.calls)
		if err != nil {
			return err
		}
		factor := float64(turn) / float64(max(took, 1))
		if factor <= 2 {
			p.calls = int(math.Ceil(float64(p.calls) * max(factor, 1/float64(p.calls))))
			return nil
		}
		p.calls = int(float64(p.calls) * min(factor, 64))
	}
}

// turn measures one turn, after some calls that warm up what the others have left cold.
func (p *participant) turn(ctx context.Context) error {
	if _, err := p.run(ctx, 1+p.calls/10); err != nil {
		return err
	}
	took, err := p.run(ctx, p.calls)
	p.ms = append(p.ms, took.Seconds()*1e3/float64(p.calls))
	return err
}

func (p *participant) run(ctx context.Context, calls int) (time.Duration, error) {
	r, err := p.process.ask(ctx, &worker.Request{Do: "run", Calls: calls})
	if p.alone && r.Processor > 0 {
		return time.Duration(r.Processor), err
	}
	return time.Duration(r.Nanoseconds), err
}

// enough reports whether a very slow participant has been measured well enough: it decides nothing, and
// everyone would wait.
func (p *participant) enough() bool {
	return len(p.ms) >= 3 && p.ms[0] > 3000
}

// memory asks what the case took.
func (p *participant) memory(ctx context.Context) error {
	r, err := p.process.ask(ctx, &worker.Request{Do: "memory"})
	p.base, p.peak = r.BaseBytes, r.PeakBytes
	return err
}

// order is who has a turn when: forwards in even rounds, backwards in odd ones, so that nobody always
// comes after the same neighbour.
func order(all []*participant, rounds int) []*participant {
	var turns []*participant
	for round := range rounds {
		once := slices.Clone(all)
		if round%2 == 1 {
			slices.Reverse(once)
		}
		turns = append(turns, once...)
	}
	return turns
}
