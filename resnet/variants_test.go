package resnet_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/resnet"
)

// Small nets of the variants, in testdata/family.json, compute what timm's and torchvision's do.
func TestVariantsEqualTheLibraries(t *testing.T) {
	text, err := os.ReadFile("testdata/family.json")
	require.NoError(t, err)
	var family struct{ Small map[string]published }
	require.NoError(t, json.Unmarshal(text, &family))
	configs := map[string]func(c *resnet.Config){
		"se":    func(c *resnet.Config) { *c = named(t, "seresnet18", 10); c.Blocks = []int{1, 1, 1, 1} },
		"eca-d": func(c *resnet.Config) { *c = named(t, "ecaresnet50d", 10); c.Blocks = []int{1, 1, 1, 1} },
		"se-t": func(c *resnet.Config) {
			*c = named(t, "resnet10t", 10)
			c.Attention = resnet.SE
		},
		"blur":      func(c *resnet.Config) { *c = named(t, "resnetblur18", 10); c.Blocks = []int{1, 1, 1, 1} },
		"average-d": func(c *resnet.Config) { *c = named(t, "resnetaa50d", 10); c.Blocks = []int{1, 1, 1, 1} },
		"rs":        func(c *resnet.Config) { *c = named(t, "resnetrs50", 10); c.Blocks = []int{1, 1, 1, 1} },
		"v2-d":      func(c *resnet.Config) { *c = named(t, "resnetv2_50d", 10); c.Blocks = []int{1, 1, 1} },
		"v2-basic":  func(c *resnet.Config) { *c = named(t, "resnetv2_18", 10); c.Blocks = []int{2, 1, 1} },
		"v2":        func(c *resnet.Config) { *c = named(t, "resnetv2_50", 10); c.Blocks = []int{1, 1, 1} },
		"vgg":       func(c *resnet.Config) { *c = named(t, "vgg11", 10); c.Width, c.Hidden = 8, 12 },
		"vgg-norm":  func(c *resnet.Config) { *c = named(t, "vgg11_bn", 10); c.Width, c.Hidden = 8, 12 },
	}
	require.Len(t, configs, len(family.Small))
	large := []string{"vgg-norm", "se", "average-d", "rs", "eca-d"} // of parts that the others have, too
	for name, p := range family.Small {
		if testing.Short() && slices.Contains(large, name) {
			continue
		}
		t.Run("net="+name, func(t *testing.T) {
			var config resnet.Config
			configs[name](&config)
			config.Image = resnet.Shape{Height: p.Side, Width: p.Side, Channels: 3}
			net := mustNew(t, config)
			fill(net)
			equalsReference(t, net, p)
		})
	}
}
