// Package nettest makes nets for the tests of what is built upon nets: of every architecture with a name, but small, and
// with biases and statistics as training leaves them. At first those are zeros and ones, which hide faults.
package nettest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// Few are architectures that together have every op of all that have names; tests of graph and weights/onnx hold them to it.
var Few = []string{"cifar_resnet20", "ecaresnext26t_32x4d", "vgg11_bn", "resnetblur18"}

// Names returns [Few] in short tests, otherwise the names of all architectures whose [Small] nets differ: many differ in
// nothing but how many blocks they have.
func Names(t testing.TB) []string {
	if testing.Short() {
		return Few
	}
	var names []string
	done := map[string]bool{}
	for _, name := range resnet.Names() {
		if kind := fmt.Sprintf("%#v", config(t, name)); !done[kind] {
			done[kind] = true
			names = append(names, name)
		}
	}
	return names
}

// Small returns the architecture of a name with few blocks, channels and pixels.
func Small(t testing.TB, name string) *resnet.Net {
	t.Helper()
	return Drawn(t, config(t, name))
}

func config(t testing.TB, name string) resnet.Config {
	c, err := resnet.Named(name, 10)
	require.NoError(t, err)
	side := 24 // halves to odd sizes
	if c.Hidden > 0 {
		side, c.Hidden = 224, 8
	}
	c.Image = resnet.Shape{Height: side, Width: side, Channels: 3}
	for i := range c.Blocks {
		c.Blocks[i] = min(c.Blocks[i], 2)
	}
	if c.Kind == resnet.VGG {
		c.Width = 8
	}
	c.Widen = min(c.Widen, 2)
	return c
}

// Drawn returns a net at random, [Disturb]ed.
func Drawn(t testing.TB, c resnet.Config) *resnet.Net {
	t.Helper()
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	Disturb(net)
	return net
}

// Disturb draws biases, and scales and statistics of batch norms; those so small that deep nets stay in their range.
func Disturb(m nn.Module) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, m := range nn.Modules(m) {
		if b, ok := m.(*nn.BatchNorm2D); ok {
			nn.Uniform(b.RunningMean, 0.2, rng)
			nn.Uniform(b.Bias.Value, 0.2, rng)
			for i := range b.RunningVar.Data() {
				b.RunningVar.Data()[i] = 0.5 + rng.Float32()
				b.Weight.Value.Data()[i] = 0.2 + 0.3*rng.Float32()
			}
		}
	}
	for name, p := range nn.Params(m) {
		if strings.HasSuffix(name, "bias") {
			for i := range p.Value.Data() {
				p.Value.Data()[i] += 0.1 * rng.Float32()
			}
		}
	}
}

// Images returns numbers from -1 to 1, the same for the same seed.
func Images(seed uint64, shape ...int) *tensor.Tensor {
	x := tensor.New(shape...)
	nn.Uniform(x, 1, rand.New(rand.NewPCG(seed, 0)))
	return x
}
