package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// shortcut makes s: what the Config asks for, the identity where a block keeps the shape unless all
// blocks shall have projections. What belongs to a projection is the kind's affair.
func (b *builder) shortcut(at Block, around func(projection *nn.Conv2D) nn.Sequential) nn.Module {
	in, out, stride := at.In.Channels, at.Out.Channels, at.stride()
	switch {
	case b.projects(at) && b.PooledProjection:
		pool, projection := b.poolBefore(at), around(b.conv(at.In.strided(stride, in), out, 1, 1, 1))
		if b.Kind == PreActivation {
			return behind{pool, projection}
		}
		return append(nn.Sequential{pool}, projection...)
	case b.projects(at):
		return around(b.conv(at.In, out, 1, stride, 1))
	case b.Shortcut == OptionACentred && in < out:
		return subsampleAndPad{stride: stride, before: (out - in) / 2, behind: (out - in + 1) / 2}
	}
	return optionA(in, out, stride)
}

// behind is a projection behind a pooling, which timm's pre-activation nets do not count in their names.
type behind struct {
	pool nn.Module
	nn.Sequential
}

func (b behind) Forward(x *autograd.Var) *autograd.Var {
	return b.Sequential.Forward(b.pool.Forward(x))
}

// poolBefore takes the place of a projection's stride.
func (b *builder) poolBefore(at Block) nn.Module {
	if at.stride() == 1 {
		return nn.Identity{}
	}
	return averaged(at.In)
}

// projects reports whether a block's shortcut is a projection.
func (b *builder) projects(at Block) bool {
	keeps := at.In.Channels == at.Out.Channels && at.stride() == 1
	return b.Shortcut == OptionC || b.Shortcut == OptionB && !keeps
}

// optionA returns the shortcut without parameters.
func optionA(in, out, stride int) nn.Module {
	if in == out && stride == 1 {
		return nn.Identity{}
	}
	return subsampleAndPad{stride: stride, behind: out - in}
}

// subsampleAndPad keeps every stride-th pixel of x and adds channels of zeros before the others and behind them.
type subsampleAndPad struct{ stride, before, behind int }

// Forward takes [N, H, W, C] to [N, H/stride, W/stride, before+C+behind], rounding up.
func (s subsampleAndPad) Forward(x *autograd.Var) *autograd.Var {
	if s.stride > 1 {
		x = autograd.SubsampleHW(x, s.stride)
	}
	if s.before+s.behind > 0 {
		x = autograd.PadAxis(x, -1, s.before, s.behind)
	}
	return x
}

// Parts returns nil.
func (subsampleAndPad) Parts() []nn.Part { return nil }
