package unravel

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Module is a [Network] as an [nn.Module], so that it can be trained and tested like any other:
//
//	result, err := train.Evaluate(ctx, unravel.Module{Network: net}, set.Batches(norm, 250))
//
// A type that embeds a net and has, say, a Stem of its own needs this. It also has the Forward of the net
// that it embeds, but that one calls the inner net's Stem and not its own. So do the networks that this
// package makes, such as [Edited] and [WithHooks], which have no Forward.
//
// Forward is the function [Forward] of the network. Stochastic depth belongs to the Forward of resnet.Net and is no part
// of it.
type Module struct{ Network }

// Forward returns the logits [N, classes] of a batch x.
func (m Module) Forward(x *autograd.Var) *autograd.Var { return Forward(m.Network, x) }

// Parts returns the parts of the network, or nil if it does not say which it has.
func (m Module) Parts() []nn.Part { return parts(m.Network) }

// parts asks a network that may have parts for them.
func parts(net Network) []nn.Part {
	if m, ok := net.(interface{ Parts() []nn.Part }); ok {
		return m.Parts()
	}
	return nil
}

// Networks made of a network have its parts, deleted and skipped blocks as well.

func (e *editedNet) Parts() []nn.Part { return parts(e.net) }
func (f from) Parts() []nn.Part       { return parts(f.net) }
func (f fromInput) Parts() []nn.Part  { return parts(f.Network) }
func (h hooked) Parts() []nn.Part     { return parts(h.Network) }
