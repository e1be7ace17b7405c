package resnet

import (
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// shortcut returns s: what the Config asks for, the identity where a block keeps the shape unless all
// blocks shall have projections.
func (l *layers) shortcut(b Block) nn.Module {
	in, out, stride := b.In.Channels, b.Out.Channels, l.stride(b)
	keeps := in == out && stride == 1
	if l.Shortcut == OptionA || l.Shortcut == OptionB && keeps {
		return optionA(in, out, stride)
	}
	conv := l.conv(b.In, out, 1, stride)
	if l.Kind == Original {
		return nn.Sequential{conv, l.norm(out)}
	}
	if l.WithoutBatchNorm { // no ReLU has halved its input, and nothing else keeps many of them from growing
		tensor.Scale(conv.Weight.Value, conv.Weight.Value, float32(math.Sqrt(0.5)))
	}
	return nn.Sequential{conv}
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
