package resnet

import "fmt"

// String returns the net in a line.
func (c Config) String() string {
	text := fmt.Sprintf("%s net of %v blocks", c.Kind, c.Blocks)
	if len(c.Blocks) == 0 {
		text = fmt.Sprintf("%s net of %d layers", c.Kind, c.Depth)
	}
	if c.Bottleneck {
		text += fmt.Sprintf(", bottlenecks with %d groups of %d channels", c.Groups, c.GroupWidth)
	}
	text += fmt.Sprintf(", %d channels in the stem", c.Width)
	if c.Widen > 1 {
		text += fmt.Sprintf(" and %d times as many in the first stage", c.Widen)
	}
	if c.Kind != Plain && c.Kind != VGG {
		text += fmt.Sprintf(", shortcuts %s", c.Shortcut)
	}
	for _, trait := range []struct {
		has  bool
		text string
	}{
		{c.DeepStem, "a deep stem"},
		{c.TieredStem, "tiered"},
		{c.ConvPool, "a convolution for the stem's pooling"},
		{c.BareStem, "a stem without norm"},
		{c.PooledProjection, "pooled projections"},
		{c.ActivatedProjection, "activated projections"},
		{c.AntiAlias != "", fmt.Sprintf("anti-aliasing by %s", c.AntiAlias)},
		{c.Attention != "", fmt.Sprintf("attention %s", c.Attention)},
		{c.Hidden > 0, fmt.Sprintf("two hidden layers of %d", c.Hidden)},
		{c.WithoutBatchNorm, "no batch norm"},
	} {
		if trait.has {
			text += ", " + trait.text
		}
	}
	return text + fmt.Sprintf(", images of %v, %d classes", c.Image, c.Classes)
}
