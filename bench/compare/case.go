package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/residuum-go/residuum/bench/worker"
)

// Case is one thing to measure.
type Case struct {
	Suite, Name string
	Op          string         // which of the workers' operations
	Args        map[string]int // its parameters
	Inputs      []Input
	Outputs     []string // what everyone must agree on
	Bound       float64  // of the relative error, see disagreement
	Check       int      // compare the outputs after so many calls, 0 for 1
	Flops       float64  // that a call must do
	Bytes       float64  // that a call must move from or to memory
	Copy        bool     // the yardstick is copying as many bytes, not multiplying and adding
	Fresh       bool     // in processes that have run nothing else, so that their memory can be told
}

// Input is a tensor that the driver makes and everyone reads.
type Input struct {
	Name  string
	Shape []int
	Fill  func(r *rand.Rand, v []float32)
}

func (i Input) len() int {
	n := 1
	for _, d := range i.Shape {
		n *= d
	}
	return n
}

// suites make their cases.
var suites = map[string]func() []*Case{
	"gemm": gemmCases, "conv": convCases, "group": groupCases, "memory": memoryCases, "train": trainCases, "infer": inferCases, "int8": int8Cases,
	"start": startCases,
}

func suiteNames() []string { return slices.Sorted(maps.Keys(suites)) }

// ops is how this project runs the cases.
var ops = map[string]worker.Prepare{}

// selected returns the cases of some suites whose names match.
func selected(names []string, match *regexp.Regexp) ([]*Case, error) {
	var cases []*Case
	for _, name := range names {
		list, ok := suites[name]
		if !ok {
			return nil, fmt.Errorf("-suite: no suite %q, want %v", name, suiteNames())
		}
		for _, c := range list() {
			c.Suite = name
			if match.MatchString(c.Name) {
				cases = append(cases, c)
			}
		}
	}
	return cases, nil
}

// uniform fills v with numbers in [-1, 1).
func uniform(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = 2*r.Float32() - 1
	}
}

// positive fills v with numbers in [1/2, 3/2).
func positive(r *rand.Rand, v []float32) {
	for i := range v {
		v[i] = r.Float32() + 0.5
	}
}

// labels fills v with classes below n.
func labels(n int) func(r *rand.Rand, v []float32) {
	return func(r *rand.Rand, v []float32) {
		for i := range v {
			v[i] = float32(r.IntN(n))
		}
	}
}

// given fills v with a copy of w.
func given(w []float32) func(r *rand.Rand, v []float32) {
	return func(_ *rand.Rand, v []float32) { copy(v, w) }
}
