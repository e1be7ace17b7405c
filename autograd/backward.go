package autograd

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Backward adds d loss / d p to p.Grad for every trainable parameter p that loss depends on. loss
// must have one element. Nothing is recorded, and the memory of intermediate gradients is recycled
// as the walk goes on.
func (t *Tape) Backward(loss *Var) { t.BackwardEach(loss, nil) }

// BackwardEach is [Tape.Backward], which calls done, unless it is nil, for each parameter as soon as p.Grad is complete:
// for those that loss depends on, the last ones used first.
func (t *Tape) BackwardEach(loss *Var, done func(p *Param)) {
	if loss.tape != t {
		panic("autograd: Backward: the loss is not on this tape")
	}
	if loss.value.Len() != 1 {
		panic(fmt.Sprintf("autograd: Backward: loss of shape %v, want one element", loss.Shape()))
	}
	w := walk{tape: t, target: isParam, reach: addToParam}
	if done != nil {
		w.reach = func(v, g *Var) {
			addToParam(v, g)
			done(v.param)
		}
	}
	w.run(loss, nil, false)
}

func isParam(v *Var) bool { return v.param != nil }

// addToParam ends a walk of Backward at a leaf.
func addToParam(v, g *Var) {
	if p := v.param; p.Grad == nil {
		p.Grad = g.value.Clone()
	} else {
		tensor.Add(p.Grad, p.Grad, g.value)
	}
}

// Grad returns the vector-Jacobian products of y: for each x the gradient of <seed, y>, the sum of
// the products of their elements. A nil seed means ones. The computation is recorded, so the
// results can be differentiated again. An x that y does not depend on gets zeros.
func Grad(y, seed *Var, xs ...*Var) []*Var { return gradients("Grad", y, seed, xs, true) }

// VJP is Grad without recording: cheaper in time and memory, and the results have no history.
// It may be called many times on one recorded y with different seeds; the results, and nothing
// else, take memory until the tape's Reset.
func VJP(y, seed *Var, xs ...*Var) []*Var { return gradients("VJP", y, seed, xs, false) }

func gradients(op string, y, seed *Var, xs []*Var, record bool) []*Var {
	low := checkGradients(op, y, seed, xs)
	out := make([]*Var, len(xs))
	w := walk{
		tape:   y.tape,
		low:    low,
		target: func(v *Var) bool { return slices.Contains(xs, v) },
		reach: func(v, g *Var) {
			for i, x := range xs {
				if x == v {
					out[i] = g
					g.holds++
				}
			}
		},
	}
	if w.tape != nil {
		w.run(y, seed, record)
	}
	for i, x := range xs {
		if out[i] == nil {
			out[i] = filled(y.tape, "zeros", 0, x.Shape()...)
		} else {
			out[i].holds--
		}
	}
	return out
}

// checkGradients panics if the arguments of Grad do not fit together, and returns the lowest
// position of an x on the tape.
func checkGradients(op string, y, seed *Var, xs []*Var) (low int) {
	sameTape := func(v *Var) {
		if v.tape != nil && v.tape != y.tape {
			panic(fmt.Sprintf("autograd: %s: %v and %v are on different tapes", op, y, v))
		}
	}
	if seed != nil {
		sameTape(seed)
		if !slices.Equal(seed.Shape(), y.Shape()) {
			panic(fmt.Sprintf("autograd: %s: seed of shape %v for %v", op, seed.Shape(), y))
		}
	}
	low = y.index + 1
	for _, x := range xs {
		sameTape(x)
		if x.tape != nil {
			low = min(low, x.index)
		}
	}
	return low
}

// filled returns a variable without history, on tape t or a constant if t is nil, whose elements
// are all a.
func filled(t *Tape, op string, a float32, shape ...int) *Var {
	if t == nil {
		return Const(tensor.Full(a, shape...))
	}
	v := t.record(op)
	v.buffer(shape...).Fill(a)
	return v
}
