package unravel

import (
	"context"
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Activations is the cache of one forward pass in evaluation mode.
type Activations struct {
	X      *tensor.Tensor   // the input
	State  []*tensor.Tensor // y_0 to y_n
	Branch []*tensor.Tensor // f_i(y_i), if they were asked for
	Logits *tensor.Tensor   // [N, classes]
}

// Record runs the whole net on x and keeps every state. [Study.Record] can keep what the branches compute, and run plans.
func Record(net Network, x *tensor.Tensor) *Activations { return record(net, x, false) }

func record(net Network, x *tensor.Tensor, branches bool) *Activations {
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

// RecordOptions says what [Study.Record] keeps.
type RecordOptions struct {
	Batch    int  // of the study
	Branches bool // keep also what every branch computes, before it is ablated
}

// Record runs a plan on one batch of the study and keeps every state of it. State[i] and Branch[i] belong to the i-th
// step. It panics if there is no such batch.
func (s *Study) Record(ctx context.Context, plan Plan, o RecordOptions) (*Activations, error) {
	s.checkBatch("Record", o.Batch)
	plan.check(s.net.Len())
	r := runner{net: s.net, seed: s.opts.Seed}
	if plan.averages() {
		var err error
		if r.means, err = s.datasetMeans(ctx); err != nil {
			return nil, fmt.Errorf("unravel: Record: %w", err)
		}
	}
	a := &Activations{X: s.batches[o.Batch].X}
	y := s.net.Stem(autograd.Const(a.X))
	for _, step := range plan {
		if err := cancelled.Err(ctx); err != nil {
			return nil, fmt.Errorf("unravel: Record: %w", err)
		}
		a.State = append(a.State, y.Value())
		if o.Branches {
			a.Branch = append(a.Branch, s.net.Branch(step.Block, y).Value())
		}
		y = r.step(step, o.Batch, y)
	}
	a.State = append(a.State, y.Value())
	a.Logits = s.net.Head(y).Value()
	return a, nil
}

// Stages returns the blocks grouped into stages: consecutive blocks whose outputs have one shape. A
// stage begins with the block that changes the shape. x is any input, one example is enough.
func Stages(net Network, x *tensor.Tensor) [][]int {
	a := Record(net, x)
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
	a := Record(net, x)
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
