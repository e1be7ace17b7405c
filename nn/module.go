package nn

import "github.com/residuum-go/residuum/autograd"

// Module is a layer, or a network of them.
type Module interface {
	// Forward returns the module's output for a batch x, on x's tape.
	Forward(x *autograd.Var) *autograd.Var
	// Params returns the parameters in state-dict order, running statistics included, named
	// relative to the module. The caller must not change the slice.
	Params() []*autograd.Param
}

// Named puts prefix and a dot before the names of m's parameters and returns m. Whoever builds a
// module out of others calls it once for each, from the inside out.
func Named[M Module](prefix string, m M) M {
	for _, p := range m.Params() {
		p.Name = prefix + "." + p.Name
	}
	return m
}

// Params returns the parameters of the modules, one module after the other.
func Params(modules ...Module) []*autograd.Param {
	var ps []*autograd.Param
	for _, m := range modules {
		ps = append(ps, m.Params()...)
	}
	return ps
}

// Count returns how many numbers training adjusts in ps: running statistics do not count.
func Count(ps []*autograd.Param) int {
	n := 0
	for _, p := range ps {
		if !p.Fixed {
			n += p.Value.Len()
		}
	}
	return n
}
