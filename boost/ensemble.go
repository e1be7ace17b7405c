package boost

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Ensemble is a fitted F_M(x) = F_0 + sum_m nu rho_m h_m(x).
//
// Seen as a residual network its state is [N, d + K + f]: the flattened input, the scores F, and in a
// chained ensemble the features of the last learner. Block m is y + Branch(m, y), where the branch is
// [0 | nu rho_m h_m | z_m - z_{m-1}]: it adds to the scores and replaces the features z. Deleting
// block m removes h_m from the sum and, if chained, leaves its successor the older features.
//
// All methods are safe for concurrent use on constants.
type Ensemble struct {
	row      []int // shape of one example
	inputs   int   // d, elements of one example
	outputs  int   // K
	features int   // f, 0 unless chained
	start    *tensor.Tensor
	family   Learner // that made the hypotheses
	stages   []stage

	flat atomic.Pointer[forest] // all stages, if they are trees and have predicted since the last was added
}

// stage is one fitted block.
type stage struct {
	learner Hypothesis
	scale   *tensor.Tensor // nu rho, [1]
	sees    int            // width of the features its learner sees: 0 or f
}

// Len returns the number of stages M.
func (e *Ensemble) Len() int { return len(e.stages) }

// BlockName returns "stage 3" for stage 3, counted from 0, as package unravel asks for it.
func (e *Ensemble) BlockName(m int) string { return fmt.Sprintf("stage %d", m) }

// Outputs returns the number of scores K.
func (e *Ensemble) Outputs() int { return e.outputs }

// Scale returns nu rho_m, the factor of learner m.
func (e *Ensemble) Scale(m int) float64 { return float64(e.stages[m].scale.Item()) }

// Stem returns the state y_0 = [x | F_0 | 0] for inputs x [N, ...] in the shape that was fitted, or
// flattened.
func (e *Ensemble) Stem(x *autograd.Var) *autograd.Var {
	n := e.rows("Stem", x.Value())
	f := autograd.BroadcastTo(autograd.Const(e.start), n, e.outputs)
	y := autograd.Concat(1, autograd.Reshape(x, n, e.inputs), f)
	if e.features > 0 {
		y = autograd.PadAxis(y, 1, 0, e.features)
	}
	return y
}

// Skip returns y: skips are identities.
func (e *Ensemble) Skip(_ int, y *autograd.Var) *autograd.Var { return y }

// Branch returns what stage m adds to the state y.
func (e *Ensemble) Branch(m int, y *autograd.Var) *autograd.Var {
	s := e.stages[m]
	n := y.Shape()[0]
	x := autograd.SliceAxis(y, 1, 0, e.inputs)
	if e.features == 0 {
		h := s.learner.Forward(autograd.Reshape(x, append([]int{n}, e.row...)...))
		return autograd.PadAxis(autograd.Scale(h, s.scale.Item()), 1, e.inputs, 0)
	}
	before := autograd.SliceAxis(y, 1, e.inputs+e.outputs, e.inputs+e.outputs+e.features)
	h, z := s.apply(x, before)
	return autograd.PadAxis(autograd.Concat(1, h, autograd.Sub(z, before)), 1, e.inputs, 0)
}

// apply returns nu rho h(x) and the features of a chained stage, for x [N, d] and the features
// before it [N, f].
func (s stage) apply(x, before *autograd.Var) (h, z *autograd.Var) {
	l := s.learner.(Featured)
	if s.sees > 0 {
		x = autograd.Concat(1, x, before)
	}
	z = l.Features(x)
	return autograd.Scale(l.Output(z), s.scale.Item()), z
}

// Join returns skip + branch; either may be nil.
func (e *Ensemble) Join(_ int, skip, branch *autograd.Var) *autograd.Var {
	switch {
	case skip == nil:
		return branch
	case branch == nil:
		return skip
	}
	return autograd.Add(skip, branch)
}

// Head returns the scores F of the state y, [N, K]. On the state after m stages it returns F_m.
func (e *Ensemble) Head(y *autograd.Var) *autograd.Var {
	return autograd.SliceAxis(y, 1, e.inputs, e.inputs+e.outputs)
}

// Sums reports true: every stage is added to the state.
func (e *Ensemble) Sums(int) bool { return true }

// Forward returns the scores F_M(x), [N, K].
func (e *Ensemble) Forward(x *autograd.Var) *autograd.Var {
	y := e.Stem(x)
	for m := range e.stages {
		y = e.Join(m, e.Skip(m, y), e.Branch(m, y))
	}
	return e.Head(y)
}

// Parts returns the constants F_0 ("start"), the factors nu rho_m ("stages.m.scale") and the learners ("stages.m")
// that are modules.
func (e *Ensemble) Parts() []nn.Part {
	parts := []nn.Part{{Name: "start", Buffer: e.start}}
	for i, s := range e.stages {
		name := "stages." + strconv.Itoa(i)
		parts = append(parts, nn.Part{Name: name + ".scale", Buffer: s.scale})
		if m, ok := s.learner.(nn.Module); ok {
			parts = append(parts, nn.Part{Name: name, Module: m})
		}
	}
	return parts
}

// Predict returns the scores F_M(x), [N, K]. Unlike [Fit] it takes numbers that are not finite: nets compute with them, and
// to trees NaN is a missing value, and infinities are the largest and the smallest number; but where a split parts missing
// values from all numbers, plus infinity goes with the former.
func (e *Ensemble) Predict(x *tensor.Tensor) *tensor.Tensor {
	if f := e.forest(); f != nil {
		n := e.rows("Predict", x)
		if n == 1 { // a broadcast would take a fifth of the time
			out := tensor.From(slices.Clone(e.start.Data()), 1, e.outputs)
			f.row(out.Data(), x.Data())
			return out
		}
		out := tensor.BroadcastTo(nil, e.start, n, e.outputs)
		f.predict(out, x)
		return out
	}
	var out *tensor.Tensor
	for _, f := range e.Staged(x) {
		out = f
	}
	return out
}

// First returns the ensemble of the first m stages, which both have. It panics unless there are as many.
func (e *Ensemble) First(m int) *Ensemble {
	if m < 0 || m > e.Len() {
		panic(fmt.Sprintf("boost: First: %d of %d stages", m, e.Len()))
	}
	out := &Ensemble{row: e.row, inputs: e.inputs, outputs: e.outputs, start: e.start, family: e.family, stages: e.stages[:m:m]}
	if m > 0 {
		out.features = e.features
	}
	return out
}

// Staged yields m and the scores F_m(x), [N, K], for m = 0 ... Len(). Each tensor is the caller's.
func (e *Ensemble) Staged(x *tensor.Tensor) iter.Seq2[int, *tensor.Tensor] {
	return func(yield func(int, *tensor.Tensor) bool) {
		r := e.run(x, e.features > 0)
		if !yield(0, r.scores.Clone()) {
			return
		}
		for m, s := range e.stages {
			h, z := r.output(s.learner, s.sees)
			r.add(h, z, s.scale.Item())
			if !yield(m+1, r.scores.Clone()) {
				return
			}
		}
	}
}
