package nn

import (
	"iter"
	"reflect"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Module is a layer, or a network of them.
type Module interface {
	// Forward returns the module's output for a batch x, on x's tape.
	Forward(x *autograd.Var) *autograd.Var
	// Parts returns what the module is made of, in state-dict order.
	Parts() []Part
}

// Part is a part of a [Module] under its name there: another module, a parameter, or a buffer, which is a tensor that
// is saved with the parameters but not trained, such as a running mean. A part that holds none of them, such as the
// bias of a layer without one, does not count. A name is not empty; it may hold dots.
type Part struct {
	Name   string
	Module Module
	Param  *autograd.Param
	Buffer *tensor.Tensor
}

// Modules yields m, under the name "", and all modules below it with their dotted names, as "layer1.0.bn2". Like all
// that walks over a model it comes to a pointer, a parameter or a buffer that occurs several times once, where it
// occurs first.
func Modules(m Module) iter.Seq2[string, Module] {
	return func(yield func(string, Module) bool) {
		walk(m, func(name string, p Part) bool { return p.Module == nil || yield(name, p.Module) })
	}
}

// Params yields the parameters of m with their dotted names, in state-dict order.
func Params(m Module) iter.Seq2[string, *autograd.Param] {
	return func(yield func(string, *autograd.Param) bool) {
		walk(m, func(name string, p Part) bool { return p.Param == nil || yield(name, p.Param) })
	}
}

// Buffers yields the buffers of m with their dotted names, in state-dict order.
func Buffers(m Module) iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		walk(m, func(name string, p Part) bool { return p.Buffer == nil || yield(name, p.Buffer) })
	}
}

// State yields all that a file of m holds, the values of its parameters and its buffers, in the order and with the names
// of a PyTorch state dict.
func State(m Module) iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		walk(m, func(name string, p Part) bool {
			switch {
			case p.Param != nil:
				return yield(name, p.Param.Value)
			case p.Buffer != nil:
				return yield(name, p.Buffer)
			}
			return true
		})
	}
}

// walk calls visit for m and all that is below it, each once, until visit returns false.
func walk(m Module, visit func(name string, p Part) bool) {
	seen := map[any]bool{}
	var down func(name string, p Part) bool
	down = func(name string, p Part) bool {
		if key := p.pointer(); key != nil {
			if seen[key] {
				return true
			}
			seen[key] = true
		}
		if !visit(name, p) {
			return false
		}
		if p.Module == nil {
			return true
		}
		if name != "" {
			name += "."
		}
		for _, q := range p.Module.Parts() {
			if !down(name+q.Name, q) {
				return false
			}
		}
		return true
	}
	down("", Part{Module: m})
}

// pointer returns what tells p from others, or nil for a module that is a plain value.
func (p Part) pointer() any {
	switch {
	case p.Param != nil:
		return p.Param
	case p.Buffer != nil:
		return p.Buffer
	case p.Module != nil && reflect.TypeOf(p.Module).Kind() == reflect.Pointer:
		return p.Module
	}
	return nil
}

// Freeze keeps all parameters of the modules as they are: they get no gradients, and optimisers leave them alone. A
// batch norm whose weight and bias are frozen normalises with its running statistics also in training, and does not
// move them. To train nothing but a new head:
//
//	nn.Freeze(net)
//	nn.Unfreeze(head)
func Freeze(modules ...Module) { setFrozen(modules, true) }

// Unfreeze undoes [Freeze].
func Unfreeze(modules ...Module) { setFrozen(modules, false) }

func setFrozen(modules []Module, frozen bool) {
	for _, m := range modules {
		for _, p := range Params(m) {
			p.Frozen = frozen
		}
	}
}

// Count returns how many numbers the parameters of m hold, those of frozen ones included.
func Count(m Module) int {
	n := 0
	for _, p := range Params(m) {
		n += p.Value.Len()
	}
	return n
}
