package resnet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum"
)

// architecture is a net that has a name, with what sets it apart from others.
type architecture struct {
	name    string
	base    func(classes int) Config
	changes func(c *Config) // or nil
}

// architectures lists them. Those of ImageNet have the names, parameters and shapes of torchvision's, or of timm's where
// torchvision has none.
var architectures = []architecture{
	{"resnet18", ResNet18, nil},
	{"resnet34", ResNet18, stages(3, 4, 6, 3)},
	{"resnet50", ResNet50, nil},
	{"resnet101", ResNet50, stages(3, 4, 23, 3)},
	{"resnet152", ResNet50, stages(3, 8, 36, 3)},
	{"resnext50_32x4d", ResNet50, groups(32, 4)},
	{"resnext101_32x8d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 8))},
	{"resnext101_64x4d", ResNet50, each(stages(3, 4, 23, 3), groups(64, 4))},
	{"wide_resnet50_2", ResNet50, groups(1, 128)},
	{"wide_resnet101_2", ResNet50, each(stages(3, 4, 23, 3), groups(1, 128))},

	{"vgg11", vggImageNet(11, false), nil}, {"vgg11_bn", vggImageNet(11, true), nil},
	{"vgg13", vggImageNet(13, false), nil}, {"vgg13_bn", vggImageNet(13, true), nil},
	{"vgg16", vggImageNet(16, false), nil}, {"vgg16_bn", vggImageNet(16, true), nil},
	{"vgg19", vggImageNet(19, false), nil}, {"vgg19_bn", vggImageNet(19, true), nil},

	// timm
	{"resnet26", ResNet50, stages(2, 2, 2, 2)},
	{"resnet18d", ResNet18, d},
	{"resnet26d", ResNet50, each(stages(2, 2, 2, 2), d)},
	{"resnet34d", ResNet18, each(stages(3, 4, 6, 3), d)},
	{"resnet50d", ResNet50, d},
	{"resnet101d", ResNet50, each(stages(3, 4, 23, 3), d)},
	{"resnet152d", ResNet50, each(stages(3, 8, 36, 3), d)},
	{"resnet200", ResNet50, stages(3, 24, 36, 3)},
	{"resnet200d", ResNet50, each(stages(3, 24, 36, 3), d)},
	{"seresnet18", ResNet18, attention(SE)},
	{"seresnet50", ResNet50, attention(SE)},
	{"seresnet152d", ResNet50, each(stages(3, 8, 36, 3), d, attention(SE))},
	{"seresnext50_32x4d", ResNet50, each(groups(32, 4), attention(SE))},
	{"ecaresnet50d", ResNet50, each(d, attention(ECA))},
	{"ecaresnet101d", ResNet50, each(stages(3, 4, 23, 3), d, attention(ECA))},
	{"resnet10t", ResNet18, each(stages(1, 1, 1, 1), t)},
	{"resnet14t", ResNet50, each(stages(1, 1, 1, 1), t)},
	{"resnet26t", ResNet50, each(stages(2, 2, 2, 2), t)},
	{"resnet50t", ResNet50, t},
	{"resnet50c", ResNet50, deep},
	{"resnext50d_32x4d", ResNet50, each(groups(32, 4), d)},
	{"resnext101_32x4d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 4))},
	{"resnext101_32x16d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 16))},
	{"seresnet34", ResNet18, each(stages(3, 4, 6, 3), attention(SE))},
	{"seresnet50t", ResNet50, each(t, attention(SE))},
	{"seresnet101", ResNet50, each(stages(3, 4, 23, 3), attention(SE))},
	{"seresnet152", ResNet50, each(stages(3, 8, 36, 3), attention(SE))},
	{"seresnext26d_32x4d", ResNet50, each(stages(2, 2, 2, 2), groups(32, 4), d, attention(SE))},
	{"seresnext26t_32x4d", ResNet50, each(stages(2, 2, 2, 2), groups(32, 4), t, attention(SE))},
	{"seresnext101_32x4d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 4), attention(SE))},
	{"seresnext101_32x8d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 8), attention(SE))},
	{"seresnext101d_32x8d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 8), d, attention(SE))},
	{"ecaresnet26t", ResNet50, each(stages(2, 2, 2, 2), t, attention(ECA))},
	{"ecaresnet50t", ResNet50, each(t, attention(ECA))},
	{"ecaresnetlight", ResNet50, each(stages(1, 1, 11, 3), pooled, attention(ECA))},
	{"ecaresnet269d", ResNet50, each(stages(3, 30, 48, 8), d, attention(ECA))},
	{"ecaresnext26t_32x4d", ResNet50, each(stages(2, 2, 2, 2), groups(32, 4), t, attention(ECA))},
	{"ecaresnet200d", ResNet50, each(stages(3, 24, 36, 3), d, attention(ECA))},
	{"ecaresnext50t_32x4d", ResNet50, each(groups(32, 4), t, attention(ECA))},
	{"resnet101c", ResNet50, each(stages(3, 4, 23, 3), deep)},
	{"resnet152c", ResNet50, each(stages(3, 8, 36, 3), deep)},
	{"resnext101_32x32d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 32))},
	{"seresnet200d", ResNet50, each(stages(3, 24, 36, 3), d, attention(SE))},
	{"seresnet269d", ResNet50, each(stages(3, 30, 48, 8), d, attention(SE))},
	{"seresnext101_64x4d", ResNet50, each(stages(3, 4, 23, 3), groups(64, 4), attention(SE))},
	{"resnetblur18", ResNet18, antiAlias(Blur)},
	{"resnetblur50", ResNet50, antiAlias(Blur)},
	{"resnetblur50d", ResNet50, each(d, antiAlias(Blur))},
	{"resnetblur101d", ResNet50, each(stages(3, 4, 23, 3), d, antiAlias(Blur))},
	{"resnetaa34d", ResNet18, each(stages(3, 4, 6, 3), d, antiAlias(Average))},
	{"resnetaa50", ResNet50, antiAlias(Average)},
	{"resnetaa50d", ResNet50, each(d, antiAlias(Average))},
	{"resnetaa101d", ResNet50, each(stages(3, 4, 23, 3), d, antiAlias(Average))},
	{"seresnetaa50d", ResNet50, each(d, antiAlias(Average), attention(SE))},
	{"seresnextaa101d_32x8d", ResNet50, each(stages(3, 4, 23, 3), groups(32, 8), d, antiAlias(Average), attention(SE))},
	{"resnetrs50", ResNet50, rs},
	{"resnetrs101", ResNet50, each(stages(3, 4, 23, 3), rs)},
	{"resnetrs152", ResNet50, each(stages(3, 8, 36, 3), rs)},
	{"resnetrs200", ResNet50, each(stages(3, 24, 36, 3), rs)},
	{"resnetrs270", ResNet50, each(stages(4, 29, 53, 4), rs)},
	{"resnetrs350", ResNet50, each(stages(4, 36, 72, 4), rs)},
	{"resnetrs420", ResNet50, each(stages(4, 44, 87, 4), rs)},
	{"resnetv2_18", ResNet18, v2},
	{"resnetv2_34", ResNet18, each(stages(3, 4, 6, 3), v2)},
	{"resnetv2_50", ResNet50, v2},
	{"resnetv2_101", ResNet50, each(stages(3, 4, 23, 3), v2)},
	{"resnetv2_152", ResNet50, each(stages(3, 8, 36, 3), v2)},
	{"resnetv2_18d", ResNet18, each(v2, d)},
	{"resnetv2_34d", ResNet18, each(stages(3, 4, 6, 3), v2, d)},
	{"resnetv2_50d", ResNet50, each(v2, d)},
	{"resnetv2_50t", ResNet50, each(v2, t)},
	{"resnetv2_101d", ResNet50, each(stages(3, 4, 23, 3), v2, d)},
	{"resnetv2_152d", ResNet50, each(stages(3, 8, 36, 3), v2, d)},

	// for small images: He et al. 2016a and 2016b, Zagoruyko and Komodakis 2016
	{"cifar_resnet20", cifar(Original, 3), nil}, {"cifar_resnet32", cifar(Original, 5), nil},
	{"cifar_resnet44", cifar(Original, 7), nil}, {"cifar_resnet56", cifar(Original, 9), nil},
	{"cifar_resnet110", cifar(Original, 18), nil},
	{"cifar_resnetv2_110", cifar(PreActivation, 18), nil},
	{"cifar_resnetv2_164", cifar(PreActivation, 18), bottlenecks}, {"cifar_resnetv2_1001", cifar(PreActivation, 111), bottlenecks},
	{"wrn16_8", cifar(PreActivation, 2), wide(8)}, {"wrn28_10", cifar(PreActivation, 4), wide(10)}, {"wrn40_4", cifar(PreActivation, 6), wide(4)},
}

// Names lists the architectures that [Named] knows.
func Names() []string {
	var names []string
	for _, a := range architectures {
		names = append(names, a.name)
	}
	return names
}

// Named describes the architecture of a name, one of [Names], for so many classes. Fields can be changed before [New].
// A name that it does not know is a [*residuum.ConfigError].
func Named(name string, classes int) (Config, error) {
	at := slices.IndexFunc(architectures, func(a architecture) bool { return a.name == name })
	if at < 0 {
		return Config{}, &residuum.ConfigError{Struct: "resnet.Named", Field: "name", Value: name,
			Reason: fmt.Sprintf("want one of %s", strings.Join(Names(), ", "))}
	}
	c := architectures[at].base(classes)
	if change := architectures[at].changes; change != nil {
		change(&c)
	}
	return c, nil
}

func each(changes ...func(*Config)) func(*Config) {
	return func(c *Config) {
		for _, change := range changes {
			change(c)
		}
	}
}

func stages(blocks ...int) func(*Config) {
	return func(c *Config) { c.Blocks = slices.Clone(blocks) }
}

func groups(n, width int) func(*Config) {
	return func(c *Config) { c.Groups, c.GroupWidth = n, width }
}

// deep and pooled make a ResNet-D together: He et al. 2019, "Bag of Tricks", section 4.
func deep(c *Config)   { c.DeepStem, c.StemSize = true, 3 }
func pooled(c *Config) { c.PooledProjection = true }
func d(c *Config)      { each(deep, pooled)(c) }

// t makes a ResNet-D with a tiered stem, timm's ResNet-T.
func t(c *Config) {
	d(c)
	c.TieredStem = true
}

func attention(a Attention) func(*Config) {
	return func(c *Config) { c.Attention = a }
}

func antiAlias(a AntiAlias) func(*Config) {
	return func(c *Config) { c.AntiAlias = a }
}

// rs makes a ResNet-RS: Bello et al. 2021, "Revisiting ResNets".
func rs(c *Config) {
	d(c)
	c.ConvPool, c.Attention, c.Squeeze = true, SE, 4
}

// v2 makes a pre-activation net as timm's.
func v2(c *Config) { c.Kind, c.BareStem, c.ActivatedProjection = PreActivation, true, true }

// bottlenecks and wide are nets whose projections take what their blocks' convolutions do, as in the authors' code.
func bottlenecks(c *Config) {
	c.Bottleneck, c.Shortcut, c.BareStem, c.ActivatedProjection = true, OptionB, true, true
}

func wide(times int) func(*Config) {
	return func(c *Config) { c.Widen, c.Shortcut, c.BareStem, c.ActivatedProjection = times, OptionB, true, true }
}

func cifar(kind Kind, blocks int) func(classes int) Config {
	return func(classes int) Config {
		return Config{Kind: kind, Blocks: []int{blocks, blocks, blocks}, Classes: classes}
	}
}

func vggImageNet(depth int, norm bool) func(classes int) Config {
	return func(classes int) Config {
		return Config{Kind: VGG, Depth: depth, Hidden: 4096, Image: Shape{224, 224, 3}, Classes: classes, WithoutBatchNorm: !norm}
	}
}
