package unravel

import "github.com/residuum-go/residuum/autograd"

// Hooks are functions that see what passes between the parts of a network, and may replace it: they
// return what they are given, or something else of its shape. Those that are nil are left out; [At] makes
// one for a single block, which may go by its name.
type Hooks struct {
	// State is given what the stem makes, with i = 0, and what block i-1 makes.
	State func(i int, y *autograd.Var) *autograd.Var
	// Skip and Branch are given what the skip and the branch of block i make.
	Skip   func(i int, s *autograd.Var) *autograd.Var
	Branch func(i int, f *autograd.Var) *autograd.Var
}

// WithHooks returns net with hooks, as a network of its own, so that they are called in whatever is done
// with it, be it a study or training. To keep all that passes in one forward pass, [Record] is enough.
func WithHooks(net Network, h Hooks) Network { return hooked{net, h} }

// hooked is a net with hooks.
type hooked struct {
	Network
	hooks Hooks
}

func (h hooked) Stem(x *autograd.Var) *autograd.Var { return call(h.hooks.State, 0, h.Network.Stem(x)) }
func (h hooked) Skip(i int, y *autograd.Var) *autograd.Var {
	return call(h.hooks.Skip, i, h.Network.Skip(i, y))
}
func (h hooked) Branch(i int, y *autograd.Var) *autograd.Var {
	return call(h.hooks.Branch, i, h.Network.Branch(i, y))
}
func (h hooked) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	return call(h.hooks.State, i+1, h.Network.Join(i, skip, branch))
}

func call(hook func(int, *autograd.Var) *autograd.Var, i int, y *autograd.Var) *autograd.Var {
	if hook == nil {
		return y
	}
	return hook(i, y)
}
