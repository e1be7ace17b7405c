package resnet

import (
	"maps"
	"math/rand/v2"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// WithClasses returns a net for another number of classes whose tensors are copies of n's, but for the last linear layer,
// which is drawn from rng: to tune a published net on images of one's own.
//
//	net, err = net.WithClasses(5, rng)
//	nn.Freeze(net.Stages(3)...) // and train the rest
func (n *Net) WithClasses(classes int, rng *rand.Rand) (*Net, error) {
	cfg := n.cfg
	cfg.Classes = classes
	other, err := New(cfg, rng)
	if err != nil {
		return nil, err
	}
	other.copyNorms(n)
	from, last := maps.Collect(nn.State(n)), other.parts[len(other.parts)-1].Name+"."
	for name, t := range nn.State(other) {
		if !strings.HasPrefix(name, last) {
			tensor.Copy(t, from[name])
		}
	}
	return other, nil
}

// Stages returns the stem and the blocks of the first so many stages, for [nn.Freeze].
func (n *Net) Stages(count int) []nn.Module {
	modules := []nn.Module{n.stem}
	for i, b := range n.blocks {
		if b.Stage < count {
			modules = append(modules, n.units[i])
		}
	}
	return modules
}

// Features returns the states behind each stage, from the first to the last: what detectors and segmenters look at. Each
// is [N, H, W, C] as Out of the stage's last [Block]. Stochastic depth has no part in it.
func (n *Net) Features(x *autograd.Var) []*autograd.Var {
	y := n.Stem(x)
	var states []*autograd.Var
	for i, u := range n.units {
		y = u.Forward(y)
		if i+1 == len(n.units) || n.blocks[i+1].Stage > n.blocks[i].Stage {
			states = append(states, y)
		}
	}
	return states
}
