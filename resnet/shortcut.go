package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// shortcut makes s: what the Config asks for, the identity where a block keeps the shape unless all
// blocks shall have projections. What belongs to a projection is the kind's affair.
func (b *builder) shortcut(at Block, around func(projection *nn.Conv2D) nn.Sequential) nn.Module {
	in, out, stride := at.In.Channels, at.Out.Channels, at.stride()
	keeps := in == out && stride == 1
	if b.Shortcut == OptionA || b.Shortcut == OptionB && keeps {
		return optionA(in, out, stride)
	}
	return around(b.conv(at.In, out, 1, stride, 1))
}

// optionA returns the shortcut without parameters.
func optionA(in, out, stride int) nn.Module {
	if in == out && stride == 1 {
		return nn.Identity{}
	}
	return subsampleAndPad{stride: stride, channels: out - in}
}

// subsampleAndPad keeps every stride-th pixel of x and appends channels of zeros.
type subsampleAndPad struct{ stride, channels int }

// Forward takes [N, H, W, C] to [N, H/stride, W/stride, C+channels], rounding up.
func (s subsampleAndPad) Forward(x *autograd.Var) *autograd.Var {
	if s.stride > 1 {
		x = autograd.SubsampleHW(x, s.stride)
	}
	if s.channels > 0 {
		x = autograd.PadAxis(x, -1, 0, s.channels)
	}
	return x
}

// Parts returns nil.
func (subsampleAndPad) Parts() []nn.Part { return nil }
