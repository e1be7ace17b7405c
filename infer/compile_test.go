package infer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// named returns a net by name with statistics and weights as training leaves them: none is trivial.
func named(t testing.TB, name string) *resnet.Net {
	c, err := resnet.Named(name, 10)
	require.NoError(t, err)
	net, err := resnet.New(c, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(3, 4))
	for _, m := range nn.Modules(net) {
		if b, ok := m.(*nn.BatchNorm2D); ok {
			nn.Uniform(b.RunningMean, .2, rng)
			nn.Uniform(b.Bias.Value, .2, rng)
			for i := range b.RunningVar.Data() {
				b.RunningVar.Data()[i] = .5 + rng.Float32()
				b.Weight.Value.Data()[i] = .5 + rng.Float32()
			}
		}
	}
	return net
}

func images(n int, image []int) *tensor.Tensor {
	x := tensor.New(append([]int{n}, image...)...)
	nn.Uniform(x, 1, rand.New(rand.NewPCG(5, uint64(n))))
	return x
}

func TestProgramsGiveWhatNetsGive(t *testing.T) {
	for _, name := range resnet.Names() {
		t.Run(name, func(t *testing.T) {
			net := named(t, name)
			image := []int{64, 64, 3}
			p, err := Compile(net, image...)
			require.NoError(t, err)
			x := images(3, image)
			got, err := p.Run(context.Background(), nil, x)
			require.NoError(t, err)
			want := net.Forward(autograd.Const(x)).Value()
			diff := tensor.Norm(tensor.Sub(nil, got, want)) / tensor.Norm(want)
			fmt.Printf("%-30s %.2g\n", name, diff)
			require.Less(t, diff, 1e-5)
		})
	}
}
