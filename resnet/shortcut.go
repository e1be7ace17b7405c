package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// shortcut returns s: the identity where a block keeps the shape, else what the Config asks for.
func (l *layers) shortcut(b Block) nn.Module {
	in, out := b.In.Channels, b.Out.Channels
	if l.Shortcut == OptionA || in == out && l.stride(b) == 1 {
		return optionA(in, out, l.stride(b))
	}
	projection := nn.Sequential{l.conv(b.Name+".downsample.0", b.In, out, 1, l.stride(b))}
	if l.Kind == Original {
		projection = append(projection, l.norm(b.Name+".downsample.1", out))
	}
	return projection
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

// Params returns nil.
func (subsampleAndPad) Params() []*autograd.Param { return nil }
