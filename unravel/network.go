package unravel

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/unravel/paths"
)

// Network is a chain of n blocks between a stem and a head. Block i, counted from 0, takes the
// state y_i to
//
//	y_{i+1} = Join(i, Skip(i, y_i), Branch(i, y_i))
//
// and the whole net computes Head(y_n) from y_0 = Stem(x). The leading axis of every state counts
// examples, and in evaluation mode no example may depend on another one.
//
// A network whose blocks have names is [Named], too.
//
// Every method must work both for constants, possibly from several goroutines at once, and for
// variables on a tape.
type Network interface {
	// Len returns the number of blocks n.
	Len() int
	// Stem returns y_0, what the first block reads.
	Stem(x *autograd.Var) *autograd.Var
	// Skip returns what is left of block i when its branch is deleted: y itself for an identity
	// skip (the same variable, which lets the studies save work), else a projection or a padded
	// subsample.
	Skip(i int, y *autograd.Var) *autograd.Var
	// Branch returns f_i(y), the block's own computation.
	Branch(i int, y *autograd.Var) *autograd.Var
	// Join returns the next state. Either argument may be nil, which stands for a deleted branch
	// or a skip that the net does not have. A residual net adds the two and applies what follows
	// the sum; a plain net returns the branch, or the skip when there is no branch.
	Join(i int, skip, branch *autograd.Var) *autograd.Var
	// Head returns the logits [N, classes].
	Head(y *autograd.Var) *autograd.Var
	// Sums reports whether block i adds its branch to its skip. If not, as in plain nets, every
	// path takes the branch.
	Sums(i int) bool
}

// Forward returns the logits of the whole net.
func Forward(net Network, x *autograd.Var) *autograd.Var {
	y := net.Stem(x)
	for i := range net.Len() {
		y = whole(net, i, y)
	}
	return net.Head(y)
}

// whole runs block i unharmed.
func whole(net Network, i int, y *autograd.Var) *autograd.Var {
	return net.Join(i, skip(net, i, y), net.Branch(i, y))
}

// skip returns what block i adds to its branch: nothing if it does not sum.
func skip(net Network, i int, y *autograd.Var) *autograd.Var {
	if !net.Sums(i) {
		return nil
	}
	return net.Skip(i, y)
}

// bypass runs block i with its branch deleted.
func bypass(net Network, i int, y *autograd.Var) *autograd.Var {
	return net.Join(i, net.Skip(i, y), nil)
}

// PathsOf returns the paths through net.
func PathsOf(net Network) paths.Set {
	skips := make([]bool, net.Len())
	for i := range skips {
		skips[i] = net.Sums(i)
	}
	return paths.Through(skips)
}
