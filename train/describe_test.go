package train_test

import (
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/train"
)

// A checkpoint of a net is a file that resnet.Load opens without knowing the net.
func TestACheckpointDescribesItsNet(t *testing.T) {
	set := stripes(16)
	loader := newLoader(set, data.LoaderConfig{Batch: 8, Norm: set.Norm()})
	shape := resnet.Shape{Height: set.Height, Width: set.Width, Channels: set.Channels}
	net, err := resnet.New(resnet.Config{Depth: 8, Width: 4, Image: shape, Classes: set.Classes}, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	sgd, err := optim.NewSGD(nn.Params(net), optim.SGDConfig{Momentum: 0.9})
	require.NoError(t, err)
	names := []string{"left", "up", "noise"}
	path := filepath.Join(t.TempDir(), "net.safetensors")
	c := train.Config{Schedule: optim.Constant(0.05), Epochs: 1, Checkpoint: path, Classes: names}
	trainer, err := train.New(net, loader, sgd, c)
	require.NoError(t, err)
	_, err = trainer.Run(t.Context())
	require.NoError(t, err)

	got, card, err := resnet.Load(path)
	require.NoError(t, err)
	require.Equal(t, data.Card{Classes: names, Norm: set.Norm()}, card)
	x := autograd.Const(set.Batch(card.Norm, 0, 4).X)
	require.True(t, tensor.Equal(net.Forward(x).Value(), got.Forward(x).Value()))

	c.Classes = names[1:]
	_, err = train.New(net, loader, sgd, c)
	var bad *residuum.ConfigError
	require.True(t, errors.As(err, &bad))
	require.Equal(t, "Classes", bad.Field)
}
