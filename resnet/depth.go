package resnet

import "github.com/residuum-go/residuum/autograd"

// Stochastic depth: Huang et al. 2016, "Deep Networks with Stochastic Depth". Exactly k of n blocks: Veit
// et al. 2016, section 5.
//
// Huang et al. multiply the branch of block l by p_l at test time. Here it is divided by p_l in
// training instead, which is the same function of the data up to a constant in the branch, and leaves
// the network at test time as it is: a net trained with stochastic depth and one trained without are
// taken apart in the same way.

// survival is the probability with which the i-th of L blocks survives: k/L if exactly k do, else
// p_l = 1 - l/L*(1-p_L) with l = i+1.
func (c Config) survival(i int) float64 {
	if c.Active < c.blocks() {
		return float64(c.Active) / float64(c.blocks())
	}
	return 1 - float64(i+1)/float64(c.blocks())*(1-c.Survival)
}

// drawn returns the weights of the branches for one training step; nil when all are ones.
func (n *Net) drawn(x *autograd.Var) []float64 {
	exactly := n.cfg.Active < n.Len()
	if !x.Training() || n.cfg.Survival == 1 && !exactly {
		return nil
	}
	rng := x.Tape().Rand()
	weights := make([]float64, n.Len())
	if exactly {
		for _, i := range rng.Perm(n.Len())[:n.cfg.Active] {
			weights[i] = float64(n.Len()) / float64(n.cfg.Active)
		}
		return weights
	}
	for i, b := range n.blocks {
		if rng.Float64() < b.Survival {
			weights[i] = 1 / b.Survival
		}
	}
	return weights
}
