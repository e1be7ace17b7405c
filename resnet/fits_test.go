package resnet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
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
	require.ErrorContains(t, err, "; they fit resnet14t with 3 classes")
	require.Equal(t, before, weights.FromState(nn.State(net)), "nothing is changed")
	require.NoError(t, mustNew(t, named(t, "resnet14t", 3)).Assign(file))

	err = net.Assign(fileOf(mustNew(t, resnet.Config{Kind: resnet.Original, Depth: 8, Width: 4, Classes: 2}), same))
	require.ErrorContains(t, err, "; they fit original net of [1 1 1] blocks, 4 channels in the stem")

	delete(file.Tensors, "module.layer1.0.bn3.weight")
	err = net.Assign(file)
	require.ErrorAs(t, err, &mismatch)
	require.NotContains(t, err.Error(), "they fit", "no net of this package does")
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
