package unravel

import "github.com/residuum-go/residuum/autograd"

// Module is a [Network] as one module, with the Forward and Params that nn.Module asks for, so that it can be
// trained and tested like any other:
//
//	result, err := train.Evaluate(ctx, unravel.Module{Network: net}, set, norm, 250)
//
// A type that embeds a net and has, say, a Stem of its own needs this. It also has the Forward of the net
// that it embeds, but that one calls the inner net's Stem and not its own. So do the networks that this
// package makes, such as [Edited] and [WithHooks], which have no Forward.
//
// Forward is the function [Forward] of the network. Stochastic depth and resnet.Config.Active belong to
// the Forward of resnet.Net and are no part of it.
type Module struct{ Network }

// Forward returns the logits [N, classes] of a batch x.
func (m Module) Forward(x *autograd.Var) *autograd.Var { return Forward(m.Network, x) }

// Params returns the parameters of the network, or nil if it does not say which it has.
func (m Module) Params() []*autograd.Param { return params(m.Network) }

// params asks a network that may have parameters for them.
func params(net Network) []*autograd.Param {
	if m, ok := net.(interface{ Params() []*autograd.Param }); ok {
		return m.Params()
	}
	return nil
}

// Networks made of a network have its parameters, those of deleted and skipped blocks as well.

func (e *editedNet) Params() []*autograd.Param { return params(e.net) }
func (f from) Params() []*autograd.Param       { return params(f.net) }
func (f fromInput) Params() []*autograd.Param  { return params(f.Network) }
func (h hooked) Params() []*autograd.Param     { return params(h.Network) }
