package resnet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// A file of another net is refused by the names of its tensors, with the name of the net that it fits.
func TestAssignProposesTheNetThatFits(t *testing.T) {
	same := func(name string) string { return name }
	file := fileOf(mustNew(t, named(t, "resnet14t", 3)), func(name string) string { return "module." + name })
	net := mustNew(t, named(t, "resnet10t", 3))
	before := weights.FromState(nn.State(net))
	err := net.Assign(file)
	var mismatch *weights.Mismatch
	require.ErrorAs(t, err, &mismatch)
	require.Contains(t, mismatch.Unexpected, "layer1.0.conv3.weight")
	require.ErrorContains(t, err, "25 unexpected: layer1.0.bn3.bias, ")
	require.ErrorContains(t, err, "; the file fits resnet14t with 3 classes")
	require.Equal(t, before, weights.FromState(nn.State(net)), "nothing is changed")
	require.NoError(t, mustNew(t, named(t, "resnet14t", 3)).Assign(file))

	err = net.Assign(fileOf(mustNew(t, resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 2}), same))
	require.ErrorContains(t, err, "; the file fits original net of [1 1 1] blocks, 4 channels in the stem")

	delete(file.Tensors, "module.layer1.0.bn3.weight")
	err = net.Assign(file)
	require.ErrorAs(t, err, &mismatch)
	require.ErrorContains(t, err, "; the file fits no net of this package, the nearest is resnet14t with 3 classes, but layer1.0.bn3.weight is missing")
}

// small makes an architecture of ImageNet so narrow that it has few elements, and no name. Nets for CIFAR keep theirs.
func small(t *testing.T, name string) resnet.Config {
	c := named(t, name, 10)
	c.Width = 16
	if c.Hidden > 0 {
		c.Hidden = 8
	}
	if c.GroupWidth > 0 {
		c.GroupWidth = max(1, c.GroupWidth/4)
	}
	return c
}

// Whatever net a file is given to, the error names a tensor with both shapes, or one that one side lacks, and the net
// that the file fits.
func TestAssignToTheWrongNet(t *testing.T) {
	for _, c := range []struct{ file, net, differs, fits string }{
		{"resnet34", "resnet18", "they are of 16 blocks, the model has 8: 80 unexpected: layer1.2.bn1.bias, ", "original net of [3 4 6 3] blocks"},
		{"resnet18", "resnet34", "they are of 8 blocks, the model has 16: 80 missing: layer1.2.conv1.weight, ", "original net of [2 2 2 2] blocks"},
		{"resnet50", "resnext50_32x4d", "layer1.0.conv1.weight is [16 16 1 1], the model has [32 16 1 1]", "bottlenecks with 1 groups of 16 channels"},
		{"resnext50_32x4d", "resnet50", "layer1.0.conv1.weight is [32 16 1 1], the model has [16 16 1 1]", "bottlenecks with 32 groups of 1 channels"},
		{"wide_resnet50_2", "resnet50", "layer1.0.conv1.weight is [32 16 1 1], the model has [16 16 1 1]", "bottlenecks with 1 groups of 32 channels"},
		{"seresnet18", "resnet18", "32 unexpected: layer1.0.se.fc1.bias, ", "attention se"},
		{"resnet18", "seresnet18", "32 missing: layer1.0.se.fc1.weight, ", "original net of [2 2 2 2] blocks, 16 channels in the stem, shortcuts B, images"},
		{"ecaresnet26t", "resnet26t", "8 unexpected: layer1.0.se.conv.weight, ", "attention eca"},
		{"resnet18d", "resnet18", "conv1.weight", "a deep stem, pooled projections"},
		{"resnetv2_18", "resnet18", "16 missing: bn1.weight, ", "preactivation net of [2 2 2 2] blocks"},
		{"resnet18", "resnetv2_18", "missing: bn.weight", "original net of [2 2 2 2] blocks"},
		{"vgg11", "resnet18", "no name is the same", "vgg net of [1 1 2 2 2] blocks, 16 channels in the stem, two hidden layers of 8, no batch norm"},
		{"vgg11_bn", "vgg11", "features.8.weight is [64 32 3 3], the model has [64 64 3 3]", "vgg net of [1 1 2 2 2] blocks, 16 channels in the stem, two hidden layers of 8, images"},
		{"vgg16", "vgg11", "missing", "vgg net of [2 2 3 3 3] blocks"},
		{"wrn16_8", "cifar_resnet20", "layer1.0.conv1.weight is [128 16 3 3], the model has [16 16 3 3]", "wrn16_8 with 10 classes"},
		{"cifar_resnet32", "cifar_resnet20", "60 unexpected: layer1.3.bn1.bias, ", "cifar_resnet32 with 10 classes"},
		{"cifar_resnet20", "cifar_resnetv2_110", "layer2.0.bn1.weight is [32], the model has [16]", "cifar_resnet20 with 10 classes"},
	} {
		t.Run(c.file+" as "+c.net, func(t *testing.T) {
			err := mustNew(t, small(t, c.net)).Assign(fileOf(mustNew(t, small(t, c.file)), func(name string) string { return name }))
			var mismatch *weights.Mismatch
			require.ErrorAs(t, err, &mismatch)
			require.ErrorContains(t, err, c.differs)
			differs, fits, _ := strings.Cut(err.Error(), "; the file fits ")
			require.Contains(t, differs, c.differs)
			require.Contains(t, fits, c.fits)
		})
	}
}

// Other heads, images and shortcuts are other nets, too.
func TestAssignToANetOfAnotherEnd(t *testing.T) {
	base := resnet.Config{Kind: resnet.Original, Blocks: []int{1, 1, 1, 1}, Width: 4, Classes: 10}
	b, channels, classes := base, base, base
	b.Shortcut, channels.Image, classes.Classes = resnet.OptionB, resnet.Shape{Height: 32, Width: 32, Channels: 1}, 7
	for name, c := range map[string]struct {
		file, net resnet.Config
		says      []string
	}{
		"option B for A": {b, base, []string{"unexpected: layer2.0.downsample.0.weight", "; the file fits original net", "shortcuts B"}},
		"option A for B": {base, b, []string{"missing: layer2.0.downsample.0.weight", "; the file fits original net", "shortcuts A"}},
		"grey":           {channels, base, []string{"conv1.weight is [4 1 3 3], the model has [4 3 3 3]", "images of 32x32x1, 10 classes"}},
		"classes":        {classes, base, []string{"they are for 7 classes, the model for 10", "fc.weight is [7 32], the model has [10 32]", "; the file fits original net", "7 classes"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := mustNew(t, c.net).Assign(fileOf(mustNew(t, c.file), func(name string) string { return name }))
			for _, text := range c.says {
				require.ErrorContains(t, err, text)
			}
		})
	}
	grey := named(t, "cifar_resnet20", 10)
	grey.Image = channels.Image
	err := mustNew(t, named(t, "cifar_resnet20", 10)).Assign(fileOf(mustNew(t, grey), func(name string) string { return name }))
	require.ErrorContains(t, err, "; the file fits cifar_resnet20 with 10 classes and images of 1 channels")
}

// One tensor of another shape, whichever it is, is named with its shape, or what it is at odds with is; and that no net
// fits is said, with the nearest.
func TestOneMisshapedTensor(t *testing.T) {
	if testing.Short() {
		t.Skip("builds thousands of nets, which takes minutes under emulation")
	}
	for name, config := range tiny() {
		t.Run("net="+name, func(t *testing.T) {
			file := fileOf(mustNew(t, config), func(name string) string { return name })
			_, recogniseErr := resnet.Recognise(file)
			require.NoError(t, recogniseErr)
			for of, tensorOf := range file.Tensors {
				for dim := range tensorOf.Rank() {
					shape := slices.Clone(tensorOf.Shape())
					shape[dim]++
					file.Tensors[of] = tensor.New(shape...)
					net, _, err := resnet.FromFile(file)
					file.Tensors[of] = tensorOf
					if dim == 1 && (of == "conv1.weight" || of == "conv1.0.weight" || of == "features.0.weight") {
						require.NoError(t, err, "a net for images of four channels")
						continue
					}
					require.Nil(t, net)
					layer := of[:strings.LastIndex(of, ".")]
					if dim == 0 && !strings.Contains(err.Error(), layer) {
						layer = " [" // what its outputs go to
					}
					require.ErrorContains(t, err, layer, "%s is %v", of, shape)
					require.Regexp(t, `not a net of this package: \w|; the file fits no net of this package, the nearest is \w`, err.Error())
				}
			}
		})
	}
}

// The names of a recognised net are those under which it is in the table.
func TestNamesOfRecognised(t *testing.T) {
	for _, name := range []string{"resnet18", "resnet10t", "resnet26d", "seresnet18", "resnetv2_18"} {
		r, err := resnet.Recognise(fileOf(mustNew(t, named(t, name, 4)), func(n string) string { return n }))
		require.NoError(t, err)
		require.Equal(t, []string{name}, r.Names())
	}
}

func TestNamesOfConfigurations(t *testing.T) {
	for _, name := range resnet.Names() {
		r := &resnet.Recognised{Config: named(t, name, 10)}
		require.Equal(t, []string{name}, r.Names())
	}
}
