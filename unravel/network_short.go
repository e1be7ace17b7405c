package unravel

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// ShortPaths returns a net as a module that is trained on paths of at most k blocks alone: in training each Forward runs
// exactly k random blocks, by a plan that [OnlyRandom] draws from the tape's random numbers, and of the others only the
// skip is left. In evaluation it is the whole net. Veit et al. 2016, section 5: 23 of 54 blocks. It panics unless k is
// from 1 to the number of blocks and all blocks add their skips.
func ShortPaths(net Network, k int) nn.Module {
	if n := net.Len(); k < 1 || k > n {
		panic(fmt.Sprintf("unravel: ShortPaths: %d of %d blocks", k, n))
	}
	for i := range net.Len() {
		if !net.Sums(i) {
			panic(fmt.Sprintf("unravel: ShortPaths: block %d has no skip, so it cannot be left out", i))
		}
	}
	return shortPaths{Module{net}, k}
}

type shortPaths struct {
	Module
	k int
}

func (s shortPaths) Forward(x *autograd.Var) *autograd.Var {
	if !x.Training() {
		return s.Module.Forward(x)
	}
	return Run(s.Network, OnlyRandom(s.Network, s.k, x.Tape().Rand()), x)
}
