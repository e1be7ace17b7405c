package unravel

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
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
	if !net.Sums(i) {
		return net.Join(i, nil, net.Branch(i, y))
	}
	return net.Join(i, net.Skip(i, y), net.Branch(i, y))
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

// Activations is the cache of one forward pass in evaluation mode.
type Activations struct {
	X      *tensor.Tensor   // the input
	State  []*tensor.Tensor // y_0 to y_n
	Branch []*tensor.Tensor // f_i(y_i), if asked for
	Logits *tensor.Tensor   // [N, classes]
}

// Record runs the whole net on x and keeps every state, and what every branch computed if branches
// is set.
func Record(net Network, x *tensor.Tensor, branches bool) *Activations {
	n := net.Len()
	a := &Activations{X: x, State: make([]*tensor.Tensor, 0, n+1)}
	y := net.Stem(autograd.Const(x))
	for i := range n {
		a.State = append(a.State, y.Value())
		f := net.Branch(i, y)
		if branches {
			a.Branch = append(a.Branch, f.Value())
		}
		if net.Sums(i) {
			y = net.Join(i, net.Skip(i, y), f)
		} else {
			y = net.Join(i, nil, f)
		}
	}
	a.State = append(a.State, y.Value())
	a.Logits = net.Head(y).Value()
	return a
}

// Record runs a plan on one batch of the study and keeps every state of it and, if branches is set,
// what every branch computes before it is ablated. State[i] and Branch[i] belong to the i-th step. It needs no
// labels, and panics without what it needs.
func (s *Study) Record(plan Plan, batch int, branches bool) *Activations {
	if err := s.checkInputs(); err != nil {
		panic(fmt.Sprintf("unravel: Record: %v", err))
	}
	if batch < 0 || batch >= len(s.Batches) {
		panic(fmt.Sprintf("unravel: Record: batch %d of %d", batch, len(s.Batches)))
	}
	plan.check(s.Net.Len())
	r := runner{net: s.Net, seed: s.Seed}
	if plan.averages() {
		r.means, _ = s.datasetMeans(context.Background()) // which is never done
	}
	a := &Activations{X: s.Batches[batch].X}
	y := s.Net.Stem(autograd.Const(a.X))
	for _, step := range plan {
		a.State = append(a.State, y.Value())
		if branches {
			a.Branch = append(a.Branch, s.Net.Branch(step.Block, y).Value())
		}
		y = r.step(step, batch, y)
	}
	a.State = append(a.State, y.Value())
	a.Logits = s.Net.Head(y).Value()
	return a
}

// Stages returns the blocks grouped into stages: consecutive blocks whose outputs have one shape. A
// stage begins with the block that changes the shape. x is any input, one example is enough.
func Stages(net Network, x *tensor.Tensor) [][]int {
	a := Record(net, x, false)
	var stages [][]int
	for i := range net.Len() {
		if i == 0 || !slices.Equal(a.State[i].Shape(), a.State[i+1].Shape()) {
			stages = append(stages, nil)
		}
		last := len(stages) - 1
		stages[last] = append(stages[last], i)
	}
	return stages
}

// Interchangeable returns the blocks grouped by the shapes they read and write. Two blocks of one
// group can trade places; a block that changes the shape is alone in its group. x is any input, one
// example is enough. Blocks and groups are in ascending order.
func Interchangeable(net Network, x *tensor.Tensor) [][]int {
	a := Record(net, x, false)
	var groups [][]int
	for i := range net.Len() {
		j := slices.IndexFunc(groups, func(g []int) bool {
			return slices.Equal(a.State[g[0]].Shape(), a.State[i].Shape()) &&
				slices.Equal(a.State[g[0]+1].Shape(), a.State[i+1].Shape())
		})
		if j < 0 {
			groups = append(groups, []int{i})
		} else {
			groups[j] = append(groups[j], i)
		}
	}
	return groups
}
