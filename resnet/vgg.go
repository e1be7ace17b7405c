package resnet

import (
	"fmt"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// vgg are the nets of Simonyan and Zisserman 2015, and those for small images after them. A block is one convolution,
// and the pooling that may follow it:
//
//	y = pool(relu(bn(conv(x))))
//
// Deleting it leaves the pooling, which has no weights, so that the shapes still fit.
type vgg struct{}

func (vgg) width() int { return 64 }

func (vgg) check(c Config) error {
	return all(append(c.noSkips(),
		demand.That(!c.Bottleneck, "Bottleneck", c.Bottleneck, "the blocks of a vgg net are single convolutions"),
		demand.That(c.StemSize == 3, "StemSize", c.StemSize, "a vgg net has 3x3 filters only"),
		demand.That(!c.StemPool, "StemPool", c.StemPool, "a vgg net has no stem"),
		demand.That(c.Widen == 1, "Widen", c.Widen, "a vgg net has no stem to be wider than"),
		demand.That(c.Hidden == 0 || c.reachesGrid(), "Image", c.Image,
			"hidden layers look at 7x7 pixels: want sides of 224 or a multiple, and five stages"),
		demand.That(c.Width >= c.Image.Channels, "Width", c.Width, "a vgg net needs at least as many channels as the image has"))...)
}

// reachesGrid reports whether the features of the last stage are a multiple of what wideHead looks at.
func (c Config) reachesGrid() bool {
	side := func(n int) bool {
		n = (n-1)/c.StemStride + 1
		for range max(len(c.Blocks), 5*min(c.Depth, 1)) {
			n /= 2
		}
		return n > 0 && n%grid == 0
	}
	return side(c.Image.Height) && side(c.Image.Width)
}

func (vgg) layers(Config) int { return 1 }

func (vgg) ends(c Config) int {
	if c.Hidden > 0 {
		return 3
	}
	return 2
}

// blocks returns the convolutions in each stage of Simonyan and Zisserman 2015, table 1, columns A, B, D and E.
func (k vgg) blocks(c Config) ([]int, error) {
	ends := k.ends(c)
	stages := map[int][]int{8: {1, 1, 2, 2, 2}, 10: {2, 2, 2, 2, 2}, 13: {2, 2, 3, 3, 3}, 16: {2, 2, 4, 4, 4}}[c.Depth-ends]
	if stages == nil {
		want := fmt.Sprintf("want %d, %d, %d or %d, or Blocks instead", 8+ends, 10+ends, 13+ends, 16+ends)
		return nil, wrong("Depth", c.Depth, want)
	}
	return stages, nil
}

func (vgg) sums() bool { return false }

// parts are the layers of a block: files do not know of blocks.
func (vgg) parts(_ Block, u unit) []nn.Part { return u.Parts() }

func (vgg) stem(b *builder) (sequence, Shape) { return sequence{}, b.Image }

// block numbers its layers as torchvision's "features" do, which count the ReLU and the pooling. The last block of a
// stage pools, as long as there is a window to take the maximum over.
func (vgg) block(b *builder, at *Block) unit {
	at.Name = fmt.Sprintf("conv%d_%d", at.Stage+1, at.Index+1)
	channels, stride := b.Width<<min(at.Stage, 3), 1
	if at.Stage == 0 && at.Index == 0 {
		stride = b.StemStride // there is no other stem
	}
	at.Out = at.In.strided(stride, channels)
	remains := nn.Sequential{optionA(at.In.Channels, channels, stride)}

	var body sequence
	feature := func(layer nn.Module) {
		if layer != nil {
			body.add(fmt.Sprint("features.", b.features), layer)
			b.features++
		}
	}
	conv := b.conv(at.In, channels, 3, stride, 1)
	if b.Hidden > 0 {
		conv.WithBias()
	}
	feature(conv)
	feature(b.norm(channels))
	feature(nn.ReLU{})
	if at.Index == b.Blocks[at.Stage]-1 && min(at.Out.Height, at.Out.Width) >= 2 {
		pool := nn.MaxPool2D{Size: tensor.Both(2)}
		at.Out = at.Out.pooled(pool)
		feature(pool)
		remains = append(remains, pool)
	}
	return single{pathsOf(remains, body)}
}

func (k vgg) head(b *builder, in Shape) (head sequence) {
	if b.Hidden > 0 {
		return k.wideHead(b, in)
	}
	head.then(nn.GlobalAvgPool{})
	head.add("classifier.0", b.hidden(in.Channels, in.Channels), nn.ReLU{})
	head.add("classifier.2", b.linear(in.Channels, b.Classes))
	return head
}

func (b *builder) hidden(in, out int) *nn.Linear {
	l := b.linear(in, out)
	b.normal(l.Weight.Value, in)
	return l
}

// grid is the side of the features that wideHead looks at.
const grid = 7

// wideHead is the classifier of the paper, section 2.1, with dropout as in section 3.1.
func (vgg) wideHead(b *builder, in Shape) (head sequence) {
	window := tensor.HW{H: in.Height / grid, W: in.Width / grid}
	if window != tensor.Both(1) {
		head.then(nn.AvgPool2D{Size: window})
	}
	head.then(channelsFirst{}, nn.Flatten{})
	head.add("classifier.0", b.hidden(grid*grid*in.Channels, b.Hidden), nn.ReLU{}, nn.NewDropout(0.5))
	head.add("classifier.3", b.hidden(b.Hidden, b.Hidden), nn.ReLU{}, nn.NewDropout(0.5))
	head.add("classifier.6", b.linear(b.Hidden, b.Classes))
	return head
}

// channelsFirst takes [N, H, W, C] to [N, C, H, W], the order in which PyTorch flattens features.
type channelsFirst struct{}

// Forward returns [N, C, H, W].
func (channelsFirst) Forward(x *autograd.Var) *autograd.Var { return autograd.Transpose(x, 0, 3, 1, 2) }

// Parts returns nil.
func (channelsFirst) Parts() []nn.Part { return nil }
