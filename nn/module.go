package nn

import "github.com/residuum-go/residuum/autograd"

// Module is a layer, or a network of them.
type Module interface {
	// Forward returns the module's output for a batch x, on x's tape.
	Forward(x *autograd.Var) *autograd.Var
	// Params returns the parameters in state-dict order, running statistics included, named
	// relative to the module, each once: two that differ have different names. The caller must not
	// change the slice.
	Params() []*autograd.Param
}

// Named puts prefix and a dot before the names of m's parameters and returns m. Whoever builds a
// module out of others calls it once for each, from the inside out. Modules that shall share a parameter
// are given it after they have been named; it keeps one name.
func Named[M Module](prefix string, m M) M {
	for _, p := range Params(m) {
		p.Name = prefix + "." + p.Name
	}
	return m
}

// Params returns the parameters of the modules, one module after the other. One that several modules
// share, or that belongs to a module used several times, comes once, where it comes first.
func Params(modules ...Module) []*autograd.Param {
	var all []*autograd.Param
	for _, m := range modules {
		all = append(all, m.Params()...)
	}
	return once(all)
}

// once returns ps without repetitions.
func once(ps []*autograd.Param) []*autograd.Param {
	seen := make(map[*autograd.Param]bool, len(ps))
	var first []*autograd.Param
	for _, p := range ps {
		if !seen[p] {
			seen[p] = true
			first = append(first, p)
		}
	}
	return first
}

// Count returns how many numbers training adjusts in ps: running statistics do not count, and a parameter
// that is listed twice counts once.
func Count(ps []*autograd.Param) int {
	n := 0
	for _, p := range once(ps) {
		if !p.Fixed {
			n += p.Value.Len()
		}
	}
	return n
}
