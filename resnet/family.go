package resnet

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// family is what the nets of He et al. 2016a and 2016b have in common: a convolution, stages of blocks of two or three
// convolutions, of which each stage but the first halves the image and doubles the channels, and a linear layer on the
// mean of all pixels.
type family struct{}

func (family) width() int { return 16 }

func (family) check(Config) error { return nil }

func (family) layers(c Config) int {
	if c.Bottleneck {
		return 3
	}
	return 2
}

func (family) ends(Config) int { return 2 }

// blocks divides the depth among three stages, as for small images; He et al. 2016a, section 4.2.
func (f family) blocks(c Config) ([]int, error) {
	step := 3 * f.layers(c)
	if c.Depth < step+2 || c.Depth%step != 2 {
		want := fmt.Sprintf("want %dn+2 (%d, %d, %d, ...), or Blocks instead", step, step+2, 2*step+2, 3*step+2)
		return nil, wrong("Depth", c.Depth, want)
	}
	n := (c.Depth - 2) / step
	return []int{n, n, n}, nil
}

func (family) sums() bool { return true }

func (family) parts(at Block, u unit) []nn.Part { return []nn.Part{{Name: at.Name, Module: u}} }

func (family) stem(b *builder) (stem sequence, out Shape) {
	b.firstConv(&stem)
	stem.add("bn1", b.norm(b.Width), nn.ReLU{})
	return stem, b.firstPool(&stem)
}

func (b *builder) firstConv(stem *sequence) {
	if !b.DeepStem {
		stem.add("conv1", b.conv(b.Image, b.Width, b.StemSize, b.StemStride, 1))
		return
	}
	half := b.Image.strided(b.StemStride, b.Width/2)
	first := half
	if b.TieredStem {
		first.Channels = b.Width / 8 * 3
	}
	stem.add("conv1.0", b.conv(b.Image, first.Channels, 3, b.StemStride, 1))
	stem.add("conv1.1", b.norm(first.Channels), nn.ReLU{})
	stem.add("conv1.3", b.conv(first, half.Channels, 3, 1, 1))
	stem.add("conv1.4", b.norm(half.Channels), nn.ReLU{})
	stem.add("conv1.6", b.conv(half, b.Width, 3, 1, 1))
}

// firstPool appends the stem's pooling, if there is one, and returns what the stem gives.
func (b *builder) firstPool(stem *sequence) Shape {
	out := b.Image.strided(b.StemStride, b.Width)
	if !b.StemPool {
		return out
	}
	pool := nn.MaxPool2D{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}
	switch {
	case b.ConvPool:
		stem.add("maxpool.0", b.conv(out, b.Width, 3, 2, 1))
		stem.add("maxpool.1", b.norm(b.Width), nn.ReLU{})
	case b.AntiAlias == Blur:
		stem.then(nn.MaxPool2D{Size: pool.Size, Stride: tensor.Both(1), Pad: pool.Pad})
		b.halve(stem, out)
	case b.AntiAlias == Average:
		b.halve(stem, out)
	default:
		stem.then(pool)
	}
	return out.pooled(pool)
}

func (family) head(b *builder, in Shape) (head sequence) {
	head.then(nn.GlobalAvgPool{})
	head.add("fc", b.linear(in.Channels, b.Classes))
	return head
}

// expansion is how many times as many channels a bottleneck gives as its inner layers have.
const expansion = 4

// convs makes the convolutions of a block, 3x3 and 3x3, or in a bottleneck 1x1, 3x3 and 1x1, and sets what it gives. The
// last but one has the block's stride, or else what [builder.halve] appends comes behind it. In a residual net without batch norm the last one starts smaller, see Config.WithoutBatchNorm.
func (family) convs(b *builder, at *Block) []*nn.Conv2D {
	width, stride := b.Width*b.Widen<<at.Stage, at.stride()
	wide, narrow := at.In, at.In.strided(stride, width)
	at.Out = narrow
	if b.AntiAlias != "" {
		stride = 1
	}
	var convs []*nn.Conv2D
	if b.Bottleneck {
		inner := b.Groups * b.GroupWidth << at.Stage
		wide.Channels, narrow.Channels, at.Out.Channels = inner, inner, expansion*width
		convs = []*nn.Conv2D{
			b.conv(at.In, inner, 1, 1, 1), b.conv(wide, inner, 3, stride, b.Groups), b.conv(narrow, at.Out.Channels, 1, 1, 1),
		}
	} else {
		convs = []*nn.Conv2D{b.conv(wide, width, 3, stride, 1), b.conv(narrow, width, 3, 1, 1)}
	}
	if b.WithoutBatchNorm && b.sums() {
		last := convs[len(convs)-1].Weight.Value
		tensor.Scale(last, last, float32(1/math.Sqrt(float64(b.sum()))))
	}
	return convs
}

// stride is that of a block of the family.
func (at *Block) stride() int {
	if at.Stage > 0 && at.Index == 0 {
		return 2
	}
	return 1
}
