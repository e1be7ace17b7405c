package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Block describes one block of a [Net].
type Block struct {
	Name        string  // "layer2.0", as its parameters' names begin; for VGG "conv3_1"
	Stage       int     // counted from 0
	Index       int     // within the stage, counted from 0
	In, Out     Shape   // what it takes and gives, for one image
	Downsamples bool    // gives fewer pixels than it takes
	Survival    float64 // probability with which its branch survives a training step
}

// block is what can be taken out of a network. Its Forward has the bits of join(skip(x), branch(x)), or where skips are
// not added of branch(x), in as few passes over memory as can be.
type block interface {
	nn.Module
	skip(x *autograd.Var) *autograd.Var
	branch(x *autograd.Var) *autograd.Var
	join(skip, branch *autograd.Var) *autograd.Var // either may be nil
}

// sum adds what is there.
func sum(skip, branch *autograd.Var) *autograd.Var {
	if skip == nil || branch == nil {
		return either(skip, branch)
	}
	return autograd.Add(skip, branch)
}

// either returns the branch, or the skip when there is no branch.
func either(skip, branch *autograd.Var) *autograd.Var {
	if branch != nil {
		return branch
	}
	if skip == nil {
		panic("resnet: Join: neither skip nor branch")
	}
	return skip
}
