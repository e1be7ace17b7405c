package unravel

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
)

// Edited returns the net that plan makes of net, as a network of its own, so that studies of paths and
// gradients can be made of it. Its blocks are the steps that keep their branch, in the plan's order. A
// deleted block is no block of it: what the block's skip does to the state is done on the way from one
// block to the next. The logits are those of [Run].
//
// It panics if plan names a block that net does not have, or an ablation other than Keep and Delete.
func Edited(net Network, plan Plan) Network {
	plan.check(net.Len())
	e := &editedNet{net: net, after: [][]int{nil}}
	for _, s := range plan {
		switch s.Do {
		case Keep:
			e.blocks = append(e.blocks, s.Block)
			e.after = append(e.after, nil)
		case Delete:
			last := len(e.after) - 1
			e.after[last] = append(e.after[last], s.Block)
		default:
			panic(fmt.Sprintf("unravel: Edited: plan %v: want keep and delete alone", plan))
		}
	}
	return e
}

// editedNet is a net some of whose blocks are deleted or elsewhere.
type editedNet struct {
	net    Network
	blocks []int   // of net
	after  [][]int // the blocks deleted behind the stem, then those behind each of blocks
}

func (e *editedNet) Len() int                           { return len(e.blocks) }
func (e *editedNet) Sums(i int) bool                    { return e.net.Sums(e.blocks[i]) }
func (e *editedNet) Head(y *autograd.Var) *autograd.Var { return e.net.Head(y) }
func (e *editedNet) Stem(x *autograd.Var) *autograd.Var { return e.bypass(0, e.net.Stem(x)) }
func (e *editedNet) Skip(i int, y *autograd.Var) *autograd.Var {
	return e.net.Skip(e.blocks[i], y)
}
func (e *editedNet) Branch(i int, y *autograd.Var) *autograd.Var {
	return e.net.Branch(e.blocks[i], y)
}
func (e *editedNet) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	return e.bypass(i+1, e.net.Join(e.blocks[i], skip, branch))
}

// bypass takes y past the i-th run of deleted blocks.
func (e *editedNet) bypass(i int, y *autograd.Var) *autograd.Var {
	for _, b := range e.after[i] {
		y = bypass(e.net, b, y)
	}
	return y
}
