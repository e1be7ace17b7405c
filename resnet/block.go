package resnet

import (
	"github.com/residuum-go/residuum/autograd"
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

// block is what can be taken out of a network: y = join(skip(x), branch(x)).
type block interface {
	skip(x *autograd.Var) *autograd.Var
	branch(x *autograd.Var) *autograd.Var
	join(skip, branch *autograd.Var) *autograd.Var // either may be nil
	params() []*autograd.Param
}

// fused is a block that computes join(skip(x), branch(x)) in fewer passes over memory than its parts, bit
// for bit.
type fused interface {
	whole(x *autograd.Var) *autograd.Var
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
