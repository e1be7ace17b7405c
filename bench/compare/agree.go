package main

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/bench/worker"
)

// disagreement compares the outputs of the peers with this project's and returns the relative errors
// that exceed the case's bound, by peer and output.
func (p *peers) disagreement(c *Case, ready []*participant) (map[string]float64, error) {
	wrong := map[string]float64{}
	for _, name := range c.Outputs {
		own, err := worker.ReadFile(p.output(ours, name))
		if err != nil {
			return nil, err
		}
		for _, part := range ready {
			if part.name == ours || part.name == yardstick {
				continue
			}
			other, err := worker.ReadFile(p.output(part.name, name))
			if err != nil {
				return nil, err
			}
			if len(own) != len(other) {
				return nil, fmt.Errorf("%s: %s has %d elements, ours %d", part.name, name, len(other), len(own))
			}
			if e := relativeError(own, other); !(e <= c.Bound) {
				wrong[part.name+" "+name] = e
			}
		}
	}
	return wrong, nil
}

// relativeError returns ||a - b|| / ||b||, Euclidean norms, and +Inf where that is not a number.
func relativeError(a, b []float32) float64 {
	var difference, size float64
	for i, v := range b {
		d := float64(a[i]) - float64(v)
		difference += d * d
		size += float64(v) * float64(v)
	}
	if difference == 0 {
		return 0
	}
	if e := math.Sqrt(difference / size); !math.IsNaN(e) {
		return e
	}
	return math.Inf(1)
}
