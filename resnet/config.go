package resnet

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Kind says how the blocks of a net compute; see the package comment for the formulas.
type Kind string

// The kinds of network. The zero value means PreActivation.
const (
	PreActivation Kind = "preactivation" // He et al. 2016b, figure 1b
	Original      Kind = "original"      // He et al. 2016a, figure 2
	Plain         Kind = "plain"         // the original's layers without skips; He et al. 2016a, section 3.3
	VGG           Kind = "vgg"           // Simonyan and Zisserman 2015, for small images
)

// Shortcut says what s is in a residual block. He et al. 2016a, section 3.3.
type Shortcut string

// The shortcuts; a projection is a 1x1 convolution, with a batch norm after it in original nets. The
// zero value means OptionA.
const (
	OptionA Shortcut = "A" // where the shape changes every stride-th pixel, new channels zero: no parameters
	OptionB Shortcut = "B" // where the shape changes a projection
	OptionC Shortcut = "C" // projections in all blocks
)

// Shape is the shape of one image or of its features.
type Shape struct{ Height, Width, Channels int }

// String returns Height x Width x Channels.
func (s Shape) String() string { return fmt.Sprintf("%dx%dx%d", s.Height, s.Width, s.Channels) }

// strided is the shape after a convolution of odd size that is padded to keep the image, but for its
// stride: that of every stride-th pixel.
func (s Shape) strided(stride, channels int) Shape {
	out := tensor.SubsampleHWShape(nil, []int{1, s.Height, s.Width, s.Channels}, stride)
	return Shape{out[1], out[2], channels}
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
	// the classifier, as usual for small images.
	Depth int
	// Blocks, used instead of Depth, gives the number of blocks in each stage.
	Blocks []int
	// Width is the number of channels of the stem and of the first stage, 0 for 16 (VGG: 64). Each
	// later stage has twice as many as the one before (VGG: up to eight times Width). Bottlenecks take
	// and give four times as many.
	Width int

	Image   Shape // of the input; zero means 32x32x3
	Classes int

	StemSize   int      // side of the first convolution's filters, 0 for 3
	StemStride int      // stride of the first convolution, 0 for 1
	StemPool   bool     // the stem ends with a 3x3 max pooling of stride 2
	Shortcut   Shortcut // for residual nets

	// WithoutBatchNorm leaves batch norm out; convolutions then have biases. In residual nets the
	// last convolution of each branch then starts smaller by sqrt(number of blocks), so that
	// activations do not grow exponentially with depth.
	WithoutBatchNorm bool

	// Survival is the probability p_L with which the last block's branch survives a training step;
	// that of block l of L is 1 - l/L*(1-p_L). 0 means 1: no stochastic depth. Huang et al. 2016,
	// equation 4. See [Net.Forward].
	Survival float64

	// Active is how many blocks, drawn at random for each batch, a training step runs; of the others
	// only the skip is left, so that paths up to this length alone are trained. 0 means all. Veit et al.
	// 2016, section 5: 23 of 54. See [Net.Forward].
	Active int
}

// ConfigError says which field of a [Config] cannot be, and why.
type ConfigError struct {
	Field  string
	Value  any
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("resnet: Config.%s is %v: %s", e.Field, e.Value, e.Reason)
}

// residual reports whether blocks add their skip.
func (c Config) residual() bool { return c.Kind == PreActivation || c.Kind == Original }

// vggStages is the number of convolutions in each stage, by depth. Simonyan and Zisserman 2015, table
// 1, columns A, B, D and E.
var vggStages = map[int][]int{
	10: {1, 1, 2, 2, 2},
	12: {2, 2, 2, 2, 2},
	15: {2, 2, 3, 3, 3},
	18: {2, 2, 4, 4, 4},
}

// complete checks c and fills in what its zero values mean.
func (c Config) complete() (Config, error) {
	for _, step := range []func(*Config) error{(*Config).names, (*Config).sizes, (*Config).stages, (*Config).active} {
		if err := step(&c); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Config) names() error {
	if c.Kind == "" {
		c.Kind = PreActivation
	}
	if c.Shortcut == "" {
		c.Shortcut = OptionA
	}
	switch c.Kind {
	case PreActivation, Original, Plain, VGG:
	default:
		return &ConfigError{"Kind", c.Kind, "want preactivation, original, plain or vgg"}
	}
	switch {
	case c.Shortcut != OptionA && c.Shortcut != OptionB && c.Shortcut != OptionC:
		return &ConfigError{"Shortcut", c.Shortcut, "want A, B or C"}
	case c.Shortcut != OptionA && !c.residual():
		return &ConfigError{"Shortcut", c.Shortcut, "a " + string(c.Kind) + " net has none"}
	case c.Bottleneck && c.Kind == VGG:
		return &ConfigError{"Bottleneck", c.Bottleneck, "the blocks of a vgg net are single convolutions"}
	}
	return nil
}

func (c *Config) sizes() error {
	if c.Width == 0 {
		c.Width = 16
		if c.Kind == VGG {
			c.Width = 64
		}
	}
	if c.StemSize == 0 {
		c.StemSize = 3
	}
	if c.StemStride == 0 {
		c.StemStride = 1
	}
	if c.Image == (Shape{}) {
		c.Image = Shape{32, 32, 3}
	}
	if c.Survival == 0 {
		c.Survival = 1
	}
	switch {
	case c.Width < 1:
		return &ConfigError{"Width", c.Width, "want at least 1"}
	case c.StemStride < 1:
		return &ConfigError{"StemStride", c.StemStride, "want at least 1"}
	case c.StemSize < 1 || c.StemSize%2 == 0:
		return &ConfigError{"StemSize", c.StemSize, "want an odd number"}
	case c.Kind == VGG && c.StemSize != 3:
		return &ConfigError{"StemSize", c.StemSize, "a vgg net has 3x3 filters only"}
	case c.Kind == VGG && c.StemPool:
		return &ConfigError{"StemPool", c.StemPool, "a vgg net has no stem"}
	case min(c.Image.Height, c.Image.Width, c.Image.Channels) < 1:
		return &ConfigError{"Image", c.Image, "want sides and channels of at least 1"}
	case c.Kind == VGG && c.Width < c.Image.Channels:
		return &ConfigError{"Width", c.Width, "a vgg net needs at least as many channels as the image has"}
	case c.Classes < 1:
		return &ConfigError{"Classes", c.Classes, "want at least 1"}
	case !(c.Survival > 0 && c.Survival <= 1):
		return &ConfigError{"Survival", c.Survival, "want a probability above 0"}
	case c.Survival < 1 && !c.residual():
		return &ConfigError{"Survival", c.Survival, "stochastic depth needs skips"}
	}
	return nil
}

// stages makes Depth and Blocks say the same.
func (c *Config) stages() error {
	if len(c.Blocks) == 0 {
		return c.stagesOfDepth()
	}
	c.Blocks = slices.Clone(c.Blocks)
	depth := 2 // first and last layer; for VGG the hidden and the last one
	for _, n := range c.Blocks {
		if n < 1 {
			return &ConfigError{"Blocks", c.Blocks, "want at least one block in each stage"}
		}
		depth += n * c.layersPerBlock()
	}
	if len(c.Blocks) > 8 {
		return &ConfigError{"Blocks", c.Blocks, "want at most 8 stages"}
	}
	if c.Depth != 0 && c.Depth != depth {
		return &ConfigError{"Depth", c.Depth, fmt.Sprintf("but Blocks %v make %d layers", c.Blocks, depth)}
	}
	c.Depth = depth
	return nil
}

func (c *Config) stagesOfDepth() error {
	if c.Kind == VGG {
		if c.Blocks = slices.Clone(vggStages[c.Depth]); c.Blocks == nil {
			return &ConfigError{"Depth", c.Depth, "want 10, 12, 15 or 18, or Blocks instead"}
		}
		return nil
	}
	step := 3 * c.layersPerBlock()
	if c.Depth < step+2 || c.Depth%step != 2 {
		want := fmt.Sprintf("want %dn+2 (%d, %d, %d, ...), or Blocks instead", step, step+2, 2*step+2, 3*step+2)
		return &ConfigError{"Depth", c.Depth, want}
	}
	n := (c.Depth - 2) / step
	c.Blocks = []int{n, n, n}
	return nil
}

func (c *Config) active() error {
	if c.Active == 0 {
		c.Active = c.blocks()
	}
	switch {
	case c.Active < 1 || c.Active > c.blocks():
		return &ConfigError{"Active", c.Active, fmt.Sprintf("want 1 to %d blocks", c.blocks())}
	case c.Active < c.blocks() && !c.residual():
		return &ConfigError{"Active", c.Active, "a block without a skip cannot be left out"}
	case c.Active < c.blocks() && c.Survival < 1:
		return &ConfigError{"Active", c.Active, fmt.Sprintf("stochastic depth (Survival %v) draws blocks already", c.Survival)}
	}
	return nil
}

// layersPerBlock returns how many convolutions a block has.
func (c Config) layersPerBlock() int {
	switch {
	case c.Kind == VGG:
		return 1
	case c.Bottleneck:
		return 3
	}
	return 2
}

// expansion is how many times as many channels a bottleneck gives as its inner layers have.
const expansion = 4

// channels returns the number of channels of a stage, counted from 0; in bottlenecks that of the inner
// layers.
func (c Config) channels(stage int) int {
	if c.Kind == VGG {
		stage = min(stage, 3)
	}
	return c.Width << stage
}

// blocks returns the number of blocks in all stages.
func (c Config) blocks() int {
	n := 0
	for _, b := range c.Blocks {
		n += b
	}
	return n
}
