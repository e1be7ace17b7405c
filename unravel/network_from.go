package unravel

import "github.com/residuum-go/residuum/autograd"

// From returns the part of net that begins with state y_i, what the block first reads (or the head, if it is net.Len() or
// "head"), as a network of its own: its stem runs net's
// stem and first i blocks, and its paths are those from y_i to the output. So every study of gradients by
// y_0 can be made at any block.
func From[R Ref](net Network, first R) Network { return from{net, reader("From", net, first)} }

// from is a net without its first blocks.
type from struct {
	net   Network
	first int
}

func (f from) Len() int                           { return f.net.Len() - f.first }
func (f from) Sums(i int) bool                    { return f.net.Sums(f.first + i) }
func (f from) Head(y *autograd.Var) *autograd.Var { return f.net.Head(y) }
func (f from) Stem(x *autograd.Var) *autograd.Var {
	y := f.net.Stem(x)
	for i := range f.first {
		y = whole(f.net, i, y)
	}
	return y
}
func (f from) Skip(i int, y *autograd.Var) *autograd.Var   { return f.net.Skip(f.first+i, y) }
func (f from) Branch(i int, y *autograd.Var) *autograd.Var { return f.net.Branch(f.first+i, y) }
func (f from) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	return f.net.Join(f.first+i, skip, branch)
}

// FromInput returns net with its stem as part of the first block, of the skip as well as of the branch. Its
// y_0 is the input x, and its paths have the lengths that they have in net. So every study of gradients by
// y_0 can be made at the input, as in Veit 2016, section 5.
func FromInput(net Network) Network { return fromInput{net} }

// fromInput is a net that begins with its input.
type fromInput struct{ Network }

func (f fromInput) Stem(x *autograd.Var) *autograd.Var { return x }

func (f fromInput) Skip(i int, y *autograd.Var) *autograd.Var {
	return f.Network.Skip(i, f.before(i, y))
}

func (f fromInput) Branch(i int, y *autograd.Var) *autograd.Var {
	return f.Network.Branch(i, f.before(i, y))
}

func (f fromInput) Head(y *autograd.Var) *autograd.Var {
	if f.Len() == 0 {
		y = f.before(0, y)
	}
	return f.Network.Head(y)
}

// before returns what block i of the net itself reads.
func (f fromInput) before(i int, y *autograd.Var) *autograd.Var {
	if i == 0 {
		return f.Network.Stem(y)
	}
	return y
}
