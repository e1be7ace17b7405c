package resnet

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// layers makes the parts of one network, from the first to the last.
type layers struct {
	Config
	rng          *rand.Rand
	features     int   // number of vgg layers so far, as torchvision counts them
	multiplyAdds int64 // of the convolutions and linear layers so far
}

// stem makes what comes before the blocks, and returns the shape that it gives.
func (l *layers) stem() (stem nn.Sequential, parts []nn.Part, out Shape) {
	if l.Kind == VGG {
		return nil, nil, l.Image
	}
	stem = append(nn.Sequential{l.conv(l.Image, l.Width, l.StemSize, l.StemStride)}, l.normReLU(l.Width)...)
	parts = []nn.Part{{Name: "conv1", Module: stem[0]}, {Name: "bn1", Module: stem[1]}}
	out = l.Image.strided(l.StemStride, l.Width)
	if l.StemPool {
		stem = append(stem, nn.MaxPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)})
		out = out.strided(2, l.Width)
	}
	return stem, parts, out
}

// block makes the index-th block of a stage, which takes the given shape.
func (l *layers) block(stage, index int, in Shape) (block, Block) {
	b := Block{Name: fmt.Sprintf("layer%d.%d", stage+1, index), Stage: stage, Index: index, In: in}
	b.Out = l.out(b)
	b.Downsamples = b.Out.Height < in.Height || b.Out.Width < in.Width
	switch l.Kind {
	case PreActivation:
		return l.preActivation(b), b
	case Original:
		return l.original(b), b
	case Plain:
		return l.plain(b), b
	}
	b.Name = fmt.Sprintf("conv%d_%d", stage+1, index+1)
	return l.vgg(b), b
}

// head makes what comes after the blocks.
func (l *layers) head(in Shape) (nn.Sequential, []nn.Part) {
	c := in.Channels
	switch l.Kind {
	case PreActivation: // the activation that no later unit applies; He et al. 2016b, appendix
		head, fc := l.normReLU(c), l.linear(c, l.Classes)
		parts := []nn.Part{{Name: "bn", Module: head[0]}, {Name: "fc", Module: fc}}
		return append(head, nn.GlobalAvgPool{}, fc), parts
	case VGG:
		hidden := l.linear(c, c)
		nn.KaimingNormal(hidden.Weight.Value, c, l.rng)
		classifier := nn.Sequential{hidden, nn.ReLU{}, l.linear(c, l.Classes)}
		return append(nn.Sequential{nn.GlobalAvgPool{}}, classifier...), []nn.Part{{Name: "classifier", Module: classifier}}
	}
	fc := l.linear(c, l.Classes)
	return nn.Sequential{nn.GlobalAvgPool{}, fc}, []nn.Part{{Name: "fc", Module: fc}}
}

// stride is that of a block.
func (l *layers) stride(b Block) int {
	switch {
	case l.Kind != VGG && b.Stage > 0 && b.Index == 0:
		return 2
	case l.Kind == VGG && b.Stage == 0 && b.Index == 0:
		return l.StemStride // a vgg net has no other stem
	}
	return 1
}

// out is the shape that a block gives. The last block of a vgg stage pools, as long as there is a
// window to take the maximum over.
func (l *layers) out(b Block) Shape {
	s := b.In.strided(l.stride(b), l.channels(b.Stage))
	if l.Bottleneck {
		s.Channels *= expansion
	}
	if l.Kind == VGG && b.Index == l.Blocks[b.Stage]-1 && min(s.Height, s.Width) >= 2 {
		s.Height, s.Width = s.Height/2, s.Width/2
	}
	return s
}

// conv makes a convolution that keeps the size of the image but for its stride. Its weights are drawn
// over the fan-out, as in the papers' code.
func (l *layers) conv(in Shape, out, size, stride int) *nn.Conv2D {
	c := nn.NewConv2D(in.Channels, out, tensor.Both(size), tensor.ConvSpec{Stride: tensor.Both(stride), Pad: tensor.Both(size / 2)}, l.rng)
	y := in.strided(stride, out)
	l.multiplyAdds += int64(y.Height) * int64(y.Width) * int64(c.Weight.Value.Len())
	if l.WithoutBatchNorm {
		c.WithBias()
		nn.KaimingNormal(c.Weight.Value, meanFanIn(in, size, stride), l.rng)
	}
	return c
}

// meanFanIn is the number of inputs that an output of conv sees, the mean over all outputs: padding
// does not count. Without batch norm nothing else keeps the activations from shrinking where channels
// become more and images small; on a single pixel, a 3x3 filter has one tap and not nine.
func meanFanIn(in Shape, size, stride int) int {
	taps := func(n int) float64 {
		sum, outputs := 0, 0
		for at := 0; at < n; at += stride {
			sum += min(at+size/2, n-1) - max(at-size/2, 0) + 1
			outputs++
		}
		return float64(sum) / float64(outputs)
	}
	return int(math.Round(taps(in.Height) * taps(in.Width) * float64(in.Channels)))
}

// normReLU makes a batch norm and a ReLU, or the ReLU alone.
func (l *layers) normReLU(channels int) nn.Sequential {
	if l.WithoutBatchNorm {
		return nn.Sequential{nn.ReLU{}}
	}
	return nn.Sequential{nn.NewBatchNorm2D(channels), nn.ReLU{}}
}

// norm makes a batch norm, or nothing.
func (l *layers) norm(channels int) nn.Module {
	if l.WithoutBatchNorm {
		return nn.Identity{}
	}
	return nn.NewBatchNorm2D(channels)
}

func (l *layers) linear(in, out int) *nn.Linear {
	l.multiplyAdds += int64(in) * int64(out)
	return nn.NewLinear(in, out, l.rng)
}
