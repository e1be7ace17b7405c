package unravel

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

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
		y = net.Join(i, skip(net, i, y), f)
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
