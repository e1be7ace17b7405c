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
	return text + fmt.Sprintf(", images of %v, %d classes", c.Image, c.Classes)
}
