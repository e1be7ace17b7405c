package unravel

import (
	"fmt"
	"strconv"

	"github.com/residuum-go/residuum/autograd"
)

// Named is a [Network] whose blocks have names, as those of a resnet.Net have, "layer2.0", and the stages of a
// boost.Ensemble, "stage 3". The networks that this package makes of a network have its names.
type Named interface {
	BlockName(i int) string // of block i of Len
}

// BlockName returns the name of block i of net, or "block 7" for block 7 of a net that is not [Named].
func BlockName(net Network, i int) string {
	if n, ok := net.(Named); ok {
		return n.BlockName(i)
	}
	return fmt.Sprintf("block %d", i)
}

// Ref is how a block is given wherever a network is at hand: by its place, counted from 0, or by its name.
//
//	unravel.From(net, 7)
//	unravel.From(net, "layer2.0")
//
// A text that is no name may be a place, "7", so that what somebody types can be either. Where a name stands for what a
// block reads, "head" is what the head reads.
type Ref interface{ int | string }

// Index returns the place of a block in net, or an error that says which blocks it has. It is for names that come from
// outside: functions that take a [Ref] panic with the same words.
func Index[R Ref](net Network, block R) (int, error) {
	i, err := find(net, block)
	if err != nil {
		return 0, fmt.Errorf("unravel: Index: %w", err)
	}
	return i, nil
}

func find[R Ref](net Network, block R) (int, error) {
	n := net.Len()
	i := -1
	switch r := any(block).(type) {
	case int:
		i = r
	case string:
		i = named(net, r)
	}
	switch {
	case i >= 0 && i < n:
		return i, nil
	case n == 0:
		return 0, fmt.Errorf("no block %v: the net has none", block)
	}
	return 0, fmt.Errorf("no block %v: the net has %d, %s to %s", block, n, BlockName(net, 0), BlockName(net, n-1))
}

// named returns the first block of that name, or the one of that place if there is none, or -1.
func named(net Network, name string) int {
	for i := range net.Len() {
		if BlockName(net, i) == name {
			return i
		}
	}
	if i, err := strconv.Atoi(name); err == nil {
		return i
	}
	return -1
}

// index is Index for what the program itself says.
func index[R Ref](op string, net Network, block R) int {
	i, err := find(net, block)
	if err != nil {
		panic(fmt.Sprintf("unravel: %s: %v", op, err))
	}
	return i
}

// indices is index for several blocks.
func indices[R Ref](op string, net Network, blocks []R) []int {
	is := make([]int, len(blocks))
	for k, b := range blocks {
		is[k] = index(op, net, b)
	}
	return is
}

// reader returns the block that r says, or net.Len() for the head.
func reader[R Ref](op string, net Network, r R) int {
	if n := net.Len(); any(r) == any(n) || any(r) == any("head") && named(net, "head") < 0 {
		return n
	}
	return index(op, net, r)
}

// readerName is the name of what reads state i.
func readerName(net Network, i int) string {
	if i == net.Len() {
		return "head"
	}
	return BlockName(net, i)
}

// At returns a hook for one block, for [Hooks]: f sees what that block's branch or skip makes, or the state that it
// reads; "head" is the state that the head reads.
func At[R Ref](net Network, block R, f func(*autograd.Var) *autograd.Var) func(i int, v *autograd.Var) *autograd.Var {
	at := reader("At", net, block)
	return func(i int, v *autograd.Var) *autograd.Var {
		if i != at {
			return v
		}
		return f(v)
	}
}

func (e *editedNet) BlockName(i int) string { return BlockName(e.net, e.blocks[i]) }
func (f from) BlockName(i int) string       { return BlockName(f.net, f.first+i) }
func (f fromInput) BlockName(i int) string  { return BlockName(f.Network, i) }
func (h hooked) BlockName(i int) string     { return BlockName(h.Network, i) }

// BlockName returns the name of block i of the network.
func (m Module) BlockName(i int) string { return BlockName(m.Network, i) }
