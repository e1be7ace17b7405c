package autograd

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// Var is a tensor in a computation: a constant, a leaf of a tape, or the result of an op.
// Its value is read-only: ops never change their inputs.
type Var struct {
	value *tensor.Tensor
	tape  *Tape // nil for a constant

	// The rest is meaningful on a tape only. Records are reused step after step (see Tape.record).
	op      string        // name, for messages
	index   int           // position on the tape; inputs come before outputs
	tracked bool          // depends on a leaf through recorded ops
	in      []*Var        // inputs of a tracked op
	back    vjp           // its vector-Jacobian product
	attr    any           // *T of the op's parameters, see attr
	want    uint64        // bit i: the walk under way needs the gradient of input i
	param   *Param        // the parameter a leaf stands for
	store   *storage      // memory of value, nil if the tape does not own it
	saved   []*storage    // memory of what the op keeps for its gradient
	holds   int           // pending gradients that refer to this record
	spare   bool          // a gradient that only the VJP under way refers to
	spent   bool          // a spare one that nobody will read after the next op
	shapes  tensor.Shapes // works out the shape of the result
	listed  bool          // depends on the input of a tape that only traces, see skip
}

// vjp is the vector-Jacobian product of the op that made y: given g, the gradient of some scalar by
// y, it stores the gradient by input i in d[i], for every i with y.needs(i). It uses only ops of
// this package. It is a function that captures nothing, so that recording an op allocates nothing.
type vjp func(y, g *Var, d []*Var)

// Const returns t as a constant: it carries no tape and has no gradient.
func Const(t *tensor.Tensor) *Var { return &Var{value: t} }

// Value returns the tensor. It must not be modified, and if the variable is on a tape it is valid
// until the tape's Reset.
func (v *Var) Value() *tensor.Tensor { return v.value }

// Shape returns the shape of the value.
func (v *Var) Shape() []int { return v.value.Shape() }

// Tape returns the tape that v is on, or nil for a constant.
func (v *Var) Tape() *Tape { return v.tape }

// Training reports whether v is on a tape in training mode: batch norm then uses the statistics of
// the batch, and dropout drops.
func (v *Var) Training() bool { return v.tape != nil && v.tape.training }

// String describes the variable for error messages and debugging.
func (v *Var) String() string {
	switch {
	case v.tape == nil:
		return fmt.Sprintf("constant %v", v.Shape())
	case v.param != nil:
		return fmt.Sprintf("parameter %v", v.Shape())
	}
	return fmt.Sprintf("%s %v", v.op, v.Shape())
}

// result begins an op: it returns the variable that will hold the op's output, on the tape that the
// inputs are on. The op then fills value (usually through buffer) and ends with returns.
func result(op string, in ...*Var) *Var {
	var t *Tape
	tracked, listed := false, false
	for _, v := range in {
		if v.tape == nil {
			continue
		}
		if t != nil && t != v.tape {
			panic("autograd: " + op + ": inputs are on different tapes")
		}
		t = v.tape
		tracked = tracked || v.tracked
		listed = listed || v.listed
	}
	if t == nil {
		return &Var{op: op}
	}
	y := t.record(op)
	y.listed = listed
	if tracked && t.recording {
		y.tracked = true
		y.in = append(y.in, in...)
	}
	return y
}

// returns ends an op: it records how its gradient is computed, if anything is to be recorded.
func (v *Var) returns(f vjp) *Var {
	if v.tracked {
		v.back = f
	}
	return v
}

// needs reports whether the walk under way needs the gradient of input i. It is for VJPs.
func (v *Var) needs(i int) bool { return v.want&(1<<min(i, 63)) != 0 }

// buffer returns a tensor for the value of v, its contents undefined: the op overwrites all of it.
func (v *Var) buffer(shape ...int) *tensor.Tensor {
	if v.tape == nil {
		v.value = tensor.New(shape...)
		return v.value
	}
	v.store = v.tape.pool.get(shape)
	v.value = v.store.view(shape)
	return v.value
}

// lastUse returns g and says that its next use is the last one in this VJP: an op may then write its
// result over g, see over.
func (g *Var) lastUse() *Var {
	g.spent = g.spare
	return g
}

// temporary lets a gradient that a VJP made for itself be written over like one it was given.
func (g *Var) temporary() { g.spare = g.tape != nil && !g.tape.recording }

// over is buffer for a result of the shape of the op's input g, of which the op reads an element no later
// than it writes the result's: it is g's own memory when nobody else needs that.
func (v *Var) over(g *Var) *tensor.Tensor {
	if !g.spent {
		return v.buffer(g.Shape()...)
	}
	v.store, v.value = g.store, g.value
	g.store, g.spare, g.spent = nil, false, false
	return v.value
}

// scratch returns a further tensor that lives as long as v does, its contents undefined, for what
// the op keeps for its gradient.
func (v *Var) scratch(shape ...int) *tensor.Tensor {
	if v.tape == nil {
		return tensor.New(shape...)
	}
	s := v.tape.pool.get(shape)
	v.saved = append(v.saved, s)
	return s.view(shape)
}

// dropScratch gives back the tensor that scratch returned last.
func (v *Var) dropScratch() {
	if last := len(v.saved) - 1; last >= 0 {
		v.tape.pool.put(v.saved[last])
		v.saved = v.saved[:last]
	}
}

// shares makes the memory of the op's input x, in the given shape, the value of v.
func (v *Var) shares(x *Var, shape []int) {
	if x.store == nil {
		v.value = x.value.Reshape(shape...)
		return
	}
	v.store = x.store
	v.store.refs++
	v.value = v.store.view(shape)
}

// attr returns v's parameters of type T, to be overwritten. A training step repeats itself, so the
// record usually still holds a T of the step before.
func attr[T any](v *Var) *T {
	if a, ok := v.attr.(*T); ok {
		return a
	}
	a := new(T)
	v.attr = a
	return a
}
