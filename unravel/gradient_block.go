package unravel

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// block is one block recorded on a tape at the state it had in a forward pass, cut between
// skip, branch and join so that gradients can be sent through each alone:
//
//	y -> skip, branch    and    skipLeaf, branchLeaf -> out
type block struct {
	y, skip, branch      *autograd.Var // skip is nil if the block does not sum
	skipLeaf, branchLeaf *autograd.Var
	out                  *autograd.Var
}

// recordBlock empties the tape and records block i at state y on it.
func recordBlock(tape *autograd.Tape, net Network, i int, y *tensor.Tensor) *block {
	tape.Reset()
	b := &block{y: tape.Input(y)}
	b.branch = net.Branch(i, b.y)
	b.branchLeaf = tape.Input(b.branch.Value())
	if b.skip = skip(net, i, b.y); b.skip != nil {
		b.skipLeaf = tape.Input(b.skip.Value())
	}
	b.out = net.Join(i, b.skipLeaf, b.branchLeaf)
	return b
}

// split takes the gradient by the block's output to those by its skip and its branch, through
// whatever follows the sum. The results live on the tape or are g itself.
func (b *block) split(g *tensor.Tensor) (bySkip, byBranch *autograd.Var) {
	seed := autograd.Const(g)
	if b.skip == nil {
		return nil, autograd.VJP(b.out, seed, b.branchLeaf)[0]
	}
	d := autograd.VJP(b.out, seed, b.skipLeaf, b.branchLeaf)
	return d[0], d[1]
}

// throughSkip returns S^T g, g itself if the skip is an identity.
func (b *block) throughSkip(g *autograd.Var) *tensor.Tensor {
	if b.skip == b.y {
		return g.Value()
	}
	return autograd.VJP(b.skip, g, b.y)[0].Value()
}

// throughBranch returns J^T g.
func (b *block) throughBranch(g *autograd.Var) *tensor.Tensor {
	return autograd.VJP(b.branch, g, b.y)[0].Value()
}

// evaluationTape returns a tape on which networks run in evaluation mode.
func evaluationTape() *autograd.Tape {
	tape := autograd.NewTape(0)
	tape.SetTraining(false)
	return tape
}

// lossGradient returns the gradient of the batch's mean cross-entropy by y_n, the state that the
// head reads.
func lossGradient(tape *autograd.Tape, net Network, y *tensor.Tensor, labels []int) *tensor.Tensor {
	tape.Reset()
	in := tape.Input(y)
	loss := autograd.CrossEntropy(net.Head(in), labels, 0)
	return autograd.VJP(loss, nil, in)[0].Value().Clone()
}
