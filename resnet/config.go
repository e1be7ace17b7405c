package resnet

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Shortcut says what s is in a residual block. He et al. 2016a, section 3.3.
type Shortcut string

// The shortcuts; a projection is a 1x1 convolution, with a batch norm after it in original nets. The
// zero value means OptionA.
const (
	OptionA Shortcut = "A" // where the shape changes every stride-th pixel, new channels zero: no parameters
	// OptionACentred is OptionA with half of the zero channels in front of the others and half behind, and not all behind:
	// what nets computed that padded as TensorFlow's did. Weights do not tell which of the two they were trained with.
	OptionACentred Shortcut = "A centred"
	OptionB        Shortcut = "B" // where the shape changes a projection
	OptionC        Shortcut = "C" // projections in all blocks
)

// Shape is the shape of one image or of its features.
type Shape struct{ Height, Width, Channels int }

// String returns Height x Width x Channels.
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.Height, s.Width, s.Channels) }

// strided is the shape after a convolution of odd size that is padded to keep the image, but for its
// stride: that of every stride-th pixel.
func (s Shape) strided(stride, channels int) Shape {
	y := new(tensor.Shapes).SubsampleHW([]int{1, s.Height, s.Width, s.Channels}, stride)
	return Shape{y[1], y[2], channels}
}

// pooled is the shape after a pooling.
func (s Shape) pooled(by nn.MaxPool2D) Shape {
	y := new(tensor.Shapes).Pool("MaxPool2D", []int{1, s.Height, s.Width, s.Channels}, tensor.PoolSpec(by))
	return Shape{y[1], y[2], s.Channels}
}

// Config describes a network. Classes and one of Depth and Blocks must be set. It survives a round trip
// through JSON.
type Config struct {
	Kind Kind

	// Bottleneck makes blocks of three convolutions instead of two: 1x1 down to the stage's number of
	// channels, 3x3, and 1x1 up to four times as many. A stride is that of the 3x3, as in torchvision;
	// the paper has it one earlier. He et al. 2016a, figure 5.
	Bottleneck bool

	// Depth counts the layers with weights on the longest path: 6n+2 for three stages of n blocks, or
	// 9n+2 of n bottlenecks; for VGG 10, 12, 15 or 18, which are VGG-11, -13, -16 and -19 with one hidden layer less before
	// the classifier, as usual for small images; with Hidden 11, 13, 16 or 19.
	Depth int
	// Blocks, used instead of Depth, gives the number of blocks in each stage.
	Blocks []int
	// Width is the number of channels of the stem and of the first stage, 0 for 16 (VGG: 64). Each
	// later stage has twice as many as the one before (VGG: up to eight times Width). Bottlenecks take
	// and give four times as many.
	Width int
	// Widen is how many times as wide as the stem the first stage is, 0 for 1: 10 in WRN-28-10 (Zagoruyko and Komodakis
	// 2016, table 1).
	Widen int
	// Groups and GroupWidth make the inner layers of bottlenecks other than Width wide: the 3x3 convolution of the first
	// stage has Groups groups (0 for 1) of GroupWidth channels (0 for Width/Groups), and twice as many in each later stage.
	// 32 and 4 make a ResNeXt 32x4d (Xie et al. 2017), 1 and 128 a Wide ResNet-50-2 (Zagoruyko and Komodakis 2016).
	Groups, GroupWidth int

	// Hidden makes the classifier of a VGG net that of the paper: the last features, averaged to 7x7 pixels where they are
	// more, and two hidden layers of this width, each with dropout. 0 means one hidden layer, as wide as the last
	// convolution, on the mean of all pixels. Convolutions then have biases also beside batch norm, as in torchvision.
	Hidden int

	Image   Shape // of the input; zero means 32x32x3
	Classes int

	StemSize   int      // side of the first convolution's filters, 0 for 3
	StemStride int      // stride of the first convolution, 0 for 1
	StemPool   bool     // the stem ends with a 3x3 max pooling of stride 2
	Shortcut   Shortcut // for residual nets

	// DeepStem makes the stem three 3x3 convolutions, of which the first two have half as many channels and norms of their
	// own, and PooledProjection puts a 2x2 average pooling before a projection in place of its stride. Together they make
	// a ResNet-D: He et al. 2019, "Bag of Tricks for Image Classification", section 4.
	DeepStem, PooledProjection bool
	// TieredStem lets the first convolution of a deep stem have three eighths of the channels instead of half: timm's
	// nets whose names end in t.
	TieredStem bool
	// ConvPool makes the stem's pooling a 3x3 convolution of stride 2 with norm and ReLU: ResNet-RS, Bello et al. 2021,
	// section 4.2.
	ConvPool bool
	// AntiAlias of original blocks halves images after convolutions and not by their strides.
	AntiAlias AntiAlias
	// Attention of original blocks weighs the channels of a branch before it is added.
	Attention Attention
	// Squeeze is how many times fewer channels a squeeze-and-excitation has inside, 0 for 16.
	Squeeze int

	// BareStem makes the stem of a pre-activation net a convolution alone, which then is the first block's skip, and gives
	// that block a norm and ReLU of its own. Without it they stand in the stem, before the split, as in He et al. 2016b.
	BareStem bool
	// ActivatedProjection lets the projections of a pre-activation net take relu(bn1(x)), as the convolutions beside them
	// do, instead of x: so have it He et al.'s code, Wide ResNets and timm's resnetv2.
	ActivatedProjection bool

	// WithoutBatchNorm leaves batch norm out; convolutions then have biases. In residual nets the
	// last convolution of each branch then starts smaller by sqrt(number of blocks), so that
	// activations do not grow exponentially with depth.
	WithoutBatchNorm bool

	// Survival is the probability p_L with which the last block's branch survives a training step;
	// that of block l of L is 1 - l/L*(1-p_L). 0 means 1: no stochastic depth. Huang et al. 2016,
	// equation 4. See [Net.Forward].
	Survival float64
}

func all(demands ...demand.Demand) error { return demand.All("resnet.Config", demands...) }

// wrong is a demand on a field that has not been met.
func wrong(field string, value any, reason string) error {
	return all(demand.That(false, field, value, reason))
}

// complete checks c and fills in what its zero values mean. What only some kinds have is the kind's affair.
func (c Config) complete() (Config, kind, error) {
	setIfZero(&c.Kind, PreActivation)
	k := kinds[c.Kind]
	if k == nil {
		return c, nil, wrong("Kind", c.Kind, "want preactivation, original, plain or vgg")
	}
	setIfZero(&c.Width, k.width())
	setIfZero(&c.Groups, 1)
	setIfZero(&c.Widen, 1)
	setIfZero(&c.GroupWidth, c.Width*c.Widen/max(c.Groups, 1))
	setIfZero(&c.StemSize, 3)
	setIfZero(&c.StemStride, 1)
	setIfZero(&c.Image, Shape{32, 32, 3})
	setIfZero(&c.Shortcut, OptionA)
	setIfZero(&c.Survival, 1)
	if c.Attention == SE {
		setIfZero(&c.Squeeze, 16)
	}
	for _, check := range []func() error{c.check, func() error { return k.check(c) }, func() error { return c.count(k) }} {
		if err := check(); err != nil {
			return c, nil, err
		}
	}
	return c, k, nil
}

func setIfZero[T comparable](field *T, v T) {
	var zero T
	if *field == zero {
		*field = v
	}
}

const (
	maxSide     = 1 << 16 // pixels of an image
	maxChannels = 1 << 20 // so that eight stages of them are an int of 32 bits
)

// check finds sizes that are none, and those that no machine holds.
func (c *Config) check() error {
	return all(
		demand.That(max(c.Width, c.Widen, c.Hidden, c.Classes, c.Image.Channels, c.Groups, c.GroupWidth) <= maxChannels &&
			max(int64(c.Groups)*int64(c.GroupWidth), int64(c.Width)*int64(c.Widen)) <= maxChannels, "Width", c.Width, fmt.Sprintf("want at most %d channels, classes, groups and channels in all groups", maxChannels)),
		demand.That(max(c.Image.Height, c.Image.Width, c.StemSize, c.StemStride) <= maxSide,
			"Image", c.Image, fmt.Sprintf("want sides, filters and strides of at most %d", maxSide)),
		demand.That(c.Width >= 1, "Width", c.Width, "want at least 1"),
		demand.That(c.Widen >= 1, "Widen", c.Widen, "want at least 1"),
		demand.That(c.Groups >= 1, "Groups", c.Groups, "want at least 1"),
		demand.That(c.GroupWidth >= 1, "GroupWidth", c.GroupWidth, "want at least 1"),
		demand.That(c.Bottleneck || c.Groups == 1 && c.GroupWidth == c.Width*c.Widen,
			"Groups", fmt.Sprintf("%d of %d channels", c.Groups, c.GroupWidth), "only bottlenecks have groups"),
		demand.That(c.Hidden == 0 || c.Hidden > 0 && c.Kind == VGG, "Hidden", c.Hidden, "only a vgg net has hidden layers"),
		demand.That(c.StemStride >= 1, "StemStride", c.StemStride, "want at least 1"),
		demand.That(c.StemSize >= 1 && c.StemSize%2 == 1, "StemSize", c.StemSize, "want an odd number"),
		demand.That(min(c.Image.Height, c.Image.Width, c.Image.Channels) >= 1, "Image", c.Image, "want sides and channels of at least 1"),
		demand.That(c.Classes >= 1, "Classes", c.Classes, "want at least 1"),
		demand.That(slices.Contains([]Shortcut{OptionA, OptionACentred, OptionB, OptionC}, c.Shortcut),
			"Shortcut", c.Shortcut, "want A, A centred, B or C"),
		demand.That(!c.DeepStem || c.StemSize == 3 && c.Width%2 == 0, "DeepStem", c.DeepStem, "want filters of 3x3 and an even Width"),
		demand.That(!c.TieredStem || c.DeepStem && c.Width%8 == 0, "TieredStem", c.TieredStem, "want a deep stem and a Width that eight divides"),
		demand.That(c.Attention == "" || (c.Attention == SE || c.Attention == ECA) && c.Kind == Original && !c.WithoutBatchNorm,
			"Attention", c.Attention, "want se, eca or none, and blocks of the kind original with batch norm"),
		demand.That(c.Attention == SE && c.Squeeze >= 1 || c.Squeeze == 0, "Squeeze", c.Squeeze,
			"want at least 1, and an attention se"),
		demand.That(!c.ConvPool || c.StemPool && c.AntiAlias == "" && c.Kind == Original, "ConvPool", c.ConvPool,
			"want a stem with a pooling, and a net of the kind original without anti-aliasing"),
		demand.That(c.AntiAlias == "" || (c.AntiAlias == Blur || c.AntiAlias == Average) && c.Kind == Original,
			"AntiAlias", c.AntiAlias, "want blur, average or none, and a net of the kind original"),
		demand.That(!c.BareStem || c.Kind == PreActivation, "BareStem", c.BareStem, "only a pre-activation net can do without a norm in its stem"),
		demand.That(!c.ActivatedProjection || c.Kind == PreActivation, "ActivatedProjection", c.ActivatedProjection,
			"only blocks of a pre-activation net begin with a ReLU"),
		demand.That(c.Survival > 0 && c.Survival <= 1, "Survival", c.Survival, "want a probability above 0"))
}

// noSkips are the demands on nets without skips.
func (c Config) noSkips() []demand.Demand {
	return []demand.Demand{
		demand.That(c.Shortcut == OptionA, "Shortcut", c.Shortcut, "a "+string(c.Kind)+" net has none"),
		demand.That(c.Survival == 1, "Survival", c.Survival, "stochastic depth needs skips"),
	}
}

// count makes Depth and Blocks say the same.
func (c *Config) count(k kind) (err error) {
	if len(c.Blocks) == 0 {
		c.Blocks, err = k.blocks(*c)
		return err
	}
	c.Blocks = slices.Clone(c.Blocks)
	depth := k.ends(*c)
	for _, n := range c.Blocks {
		if n < 1 {
			return wrong("Blocks", c.Blocks, "want at least one block in each stage")
		}
		depth += n * k.layers(*c)
	}
	if len(c.Blocks) > 8 {
		return wrong("Blocks", c.Blocks, "want at most 8 stages")
	}
	if c.Depth != 0 && c.Depth != depth {
		return wrong("Depth", c.Depth, fmt.Sprintf("but Blocks %v make %d layers", c.Blocks, depth))
	}
	c.Depth = depth
	return nil
}

// sum returns the number of blocks in all stages.
func (c Config) sum() int {
	n := 0
	for _, b := range c.Blocks {
		n += b
	}
	return n
}
