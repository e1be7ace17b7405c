package main

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// bagged is a bag of nets, as a network whose block m adds 1/M of the logits of net m: the state is [x | F].
type bagged struct {
	nets            []nn.Module
	inputs, classes int
}

func (b bagged) Len() int               { return len(b.nets) }
func (b bagged) BlockName(m int) string { return fmt.Sprintf("net %d", m) }
func (b bagged) Sums(int) bool          { return true }
func (b bagged) Stem(x *autograd.Var) *autograd.Var {
	return autograd.PadAxis(autograd.Reshape(x, x.Shape()[0], b.inputs), 1, 0, b.classes)
}
func (b bagged) Skip(_ int, y *autograd.Var) *autograd.Var { return y }
func (b bagged) Branch(m int, y *autograd.Var) *autograd.Var {
	logits := b.nets[m].Forward(autograd.SliceAxis(y, 1, 0, b.inputs))
	return autograd.PadAxis(autograd.Scale(logits, 1/float32(len(b.nets))), 1, b.inputs, 0)
}
func (b bagged) Join(_ int, skip, branch *autograd.Var) *autograd.Var {
	if branch == nil {
		return skip
	}
	return autograd.Add(skip, branch)
}
func (b bagged) Head(y *autograd.Var) *autograd.Var {
	return autograd.SliceAxis(y, 1, b.inputs, b.inputs+b.classes)
}

// Forward returns the mean logits.
func (b bagged) Forward(x *autograd.Var) *autograd.Var {
	y := b.Stem(x)
	for m := range b.nets {
		y = b.Join(m, y, b.Branch(m, y))
	}
	return b.Head(y)
}

// Parts returns the nets.
func (b bagged) Parts() []nn.Part {
	var parts []nn.Part
	for m, net := range b.nets {
		parts = append(parts, nn.Part{Name: fmt.Sprint("nets.", m), Module: net})
	}
	return parts
}
