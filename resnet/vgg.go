package resnet

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// vgg are the nets of Simonyan and Zisserman 2015 for small images. A block is one convolution, and the pooling that may
// follow it:
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
		demand.That(c.Width >= c.Image.Channels, "Width", c.Width, "a vgg net needs at least as many channels as the image has"))...)
}

func (vgg) layers(Config) int { return 1 }

// blocks returns the convolutions in each stage of Simonyan and Zisserman 2015, table 1, columns A, B, D and E.
func (vgg) blocks(c Config) ([]int, error) {
	stages := map[int][]int{10: {1, 1, 2, 2, 2}, 12: {2, 2, 2, 2, 2}, 15: {2, 2, 3, 3, 3}, 18: {2, 2, 4, 4, 4}}[c.Depth]
	if stages == nil {
		return nil, wrong("Depth", c.Depth, "want 10, 12, 15 or 18, or Blocks instead")
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
	feature(b.conv(at.In, channels, 3, stride, 1))
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

func (vgg) head(b *builder, in Shape) (head sequence) {
	hidden := b.linear(in.Channels, in.Channels)
	nn.KaimingNormal(hidden.Weight.Value, in.Channels, b.rng)
	head.then(nn.GlobalAvgPool{})
	head.add("classifier.0", hidden, nn.ReLU{})
	head.add("classifier.2", b.linear(in.Channels, b.Classes))
	return head
}
