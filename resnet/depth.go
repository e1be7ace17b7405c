package resnet

import "github.com/residuum-go/residuum/autograd"

// Stochastic depth: Huang et al. 2016, "Deep Networks with Stochastic Depth".
//
// The paper multiplies the branch of block l by p_l at test time. Here it is divided by p_l in
// training instead, which is the same function of the data up to a constant in the branch, and leaves
// the network at test time as it is: a net trained with stochastic depth and one trained without are
// taken apart in the same way.

// survival is the probability p_l = 1 - l/L*(1-p_L) of the i-th of the L blocks, l = i+1.
func (c Config) survival(i int) float64 {
	return 1 - float64(i+1)/float64(c.blocks())*(1-c.Survival)
}

// surviving draws the weights of the branches for one training step; nil when none is dropped.
func (n *Net) surviving(x *autograd.Var) []float64 {
	if n.cfg.Survival == 1 || !x.Training() {
		return nil
	}
	weights := make([]float64, n.Len())
	for i, b := range n.blocks {
		if x.Tape().Rand().Float64() < b.Survival {
			weights[i] = 1 / b.Survival
		}
	}
	return weights
}
