package resnet

import "github.com/residuum-go/residuum/autograd"

// Stochastic depth: Huang et al. 2016, "Deep Networks with Stochastic Depth".
//
// Huang et al. multiply the branch of block l by p_l at test time. Here it is divided by p_l in
// training instead, which is the same function of the data up to a constant in the branch, and leaves
// the network at test time as it is: a net trained with stochastic depth and one trained without are
// taken apart in the same way.

// survival is the probability with which the i-th of L blocks survives, p_l = 1 - l/L*(1-p_L) with l = i+1.
func (c Config) survival(i int) float64 {
	return 1 - float64(i+1)/float64(c.sum())*(1-c.Survival)
}

// drawn returns the weights of the branches for one training step; nil when all are ones.
func (n *Net) drawn(x *autograd.Var) []float64 {
	if !x.Training() || n.cfg.Survival == 1 {
		return nil
	}
	rng := x.Tape().Rand()
	weights := make([]float64, n.Len())
	for i, b := range n.blocks {
		if rng.Float64() < b.Survival {
			weights[i] = 1 / b.Survival
		}
	}
	return weights
}
