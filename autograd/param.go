package autograd

import "github.com/residuum-go/residuum/tensor"

// Param is a tensor that outlives steps, a weight, and the gradient that Backward adds up for it. Its name is
// where it stands in a model: package nn works it out.
type Param struct {
	Value  *tensor.Tensor // the weight
	Grad   *tensor.Tensor // sum of the gradients since ZeroGrad; nil before the first Backward
	Frozen bool           // has no gradient and is not moved
}

// NewParam returns a parameter that is trained.
func NewParam(value *tensor.Tensor) *Param { return &Param{Value: value} }

// On returns p as a variable beside x: on x's tape a leaf that Backward differentiates by, the same
// one however often p is used in a step; beside a constant, or for a frozen parameter, a constant.
func (p *Param) On(x *Var) *Var {
	t := x.tape
	if t == nil || p.Frozen && !t.tracing {
		return Const(p.Value)
	}
	if v, ok := t.leaves[p]; ok {
		return v
	}
	v := t.Input(p.Value)
	v.op = "Param"
	v.param = p
	t.leaves[p] = v
	return v
}

// ZeroGrad sets the gradient of every parameter to zero.
func ZeroGrad(ps []*Param) {
	for _, p := range ps {
		if p.Grad != nil {
			p.Grad.Zero()
		}
	}
}
