package unravel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
)

// newNamedNet returns a net with blocks layer1.0, layer1.1, layer2.0 and layer2.1, and an image for it.
func newNamedNet() (*resnet.Net, *autograd.Var) {
	rng := rand.New(rand.NewPCG(1, 1))
	net := newResNet(rng, resnet.Config{Blocks: []int{2, 2}, Width: 3, Image: resnet.Shape{Height: 6, Width: 6, Channels: 2}, Classes: 3})
	return net, autograd.Const(normal(rng, 1, 1, 6, 6, 2))
}

// Whatever takes a block takes its place, its name and, as a name, its place.
func TestNamesStandForPlaces(t *testing.T) {
	net, x := newNamedNet()
	for name, i := range map[string]int{"layer1.0": 0, "layer1.1": 1, "layer2.0": 2, "layer2.1": 3, "2": 2} {
		at, err := Index(net, name)
		require.NoError(t, err)
		require.Equal(t, i, at)
		require.Equal(t, Ablate(net, Zero, i), Ablate(net, Zero, name))
		require.Equal(t, Only(net, 1, i), Only(net, "layer1.1", name))
		require.Equal(t, Repeat(net, i, 3), Repeat(net, name, 3))
		require.Equal(t, From(net, i), From(net, name))
		require.Equal(t, Patch{i, 4}, NewPatch(net, name, "head"))
		require.Equal(t, Patch{i, 4}, NewPatch(net, i, 4))
		halve := func(f *autograd.Var) *autograd.Var { return autograd.Scale(f, 0.5) }
		want := Run(net, Plan{{Block: 0}, {Block: 1}, {Block: 2}, {Block: 3}}.With(Scale, i).amount(0.5), x).Value()
		got := Forward(WithHooks(net, Hooks{Branch: At(net, name, halve)}), x).Value()
		require.True(t, tensor.Equal(want, got), name)
	}
	require.Equal(t, From(net, 4), From(net, "head"))
	heads := 0
	Forward(WithHooks(net, Hooks{State: At(net, "head", func(y *autograd.Var) *autograd.Var { heads++; return y })}), x)
	require.Equal(t, 1, heads)
}

// amount returns the plan with the amount of all its ablations set.
func (p Plan) amount(a float32) Plan {
	for i := range p {
		if p[i].Do != Keep {
			p[i].Amount = a
		}
	}
	return p
}

// Networks made of a network have its names, and those of a block that is repeated stand for the first.
func TestNamesOfNetworksMadeOfNetworks(t *testing.T) {
	net, _ := newNamedNet()
	all := func(net Network) (names []string) {
		for i := range net.Len() {
			names = append(names, BlockName(net, i))
		}
		return names
	}
	require.Equal(t, []string{"layer1.0", "layer1.1", "layer2.0", "layer2.1"}, all(net))
	require.Equal(t, all(net), all(Module{FromInput(WithHooks(net, Hooks{}))}))
	require.Equal(t, []string{"layer1.1", "layer2.1"}, all(From(Edited(net, Ablate(net, Delete, "layer2.0")), "layer1.1")))
	require.Equal(t, []string{"block 1", "block 2"}, all(From(ofLen(3), 1)))
	twice := Edited(net, Repeat(net, "layer1.1", 2))
	i, err := Index(twice, "layer1.1")
	require.NoError(t, err)
	require.Equal(t, 1, i)
}

func TestBlocksThatDoNotExist(t *testing.T) {
	net, _ := newNamedNet()
	_, err := Index(net, "layer3.0")
	require.EqualError(t, err, "unravel: Index: no block layer3.0: the net has 4, layer1.0 to layer2.1")
	_, err = Index(net, 4)
	require.EqualError(t, err, "unravel: Index: no block 4: the net has 4, layer1.0 to layer2.1")
	_, err = Index(ofLen(0), "-1")
	require.EqualError(t, err, "unravel: Index: no block -1: the net has none")
	for want, wrong := range map[string]func(){
		"unravel: Ablate: no block head: the net has 4":  func() { Ablate(net, Delete, "head") },
		"unravel: From: no block 5: the net has 4":       func() { From(net, 5) },
		"unravel: NewPatch: no block 4: the net has 4":   func() { NewPatch(net, 4, 4) },
		"unravel: Repeat: no block layer: the net has 4": func() { Repeat(net, "layer", 2) },
	} {
		func() {
			defer func() { require.Contains(t, fmt.Sprint(recover()), want) }()
			wrong()
		}()
	}
}

// Results and plans name blocks.
func TestResultsNameBlocks(t *testing.T) {
	net, _ := newNamedNet()
	plan := Ablate(net, Delete, "layer2.0")
	plan[3] = Step{Block: 3, Do: Noise, Amount: 0.5, Draw: 2}
	require.Equal(t, "0-1 delete:2 noise:3*0.5#2", plan.String())
	require.Equal(t, "layer1.0 to layer1.1, delete layer2.0, noise layer2.1*0.5#2", plan.Describe(net))
	s := studyOf(net, randomBatch(rand.New(rand.NewPCG(2, 2)), 3, 4, 6, 6, 2))
	removed, err := s.Greedy(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, BlockName(net, removed[0].Block), removed[0].Name)
	patches, err := s.PatchPaths(t.Context(), Step{Do: Zero}, []Patch{NewPatch(net, "layer1.1", "layer2.1"), NewPatch(net, 0, 4)})
	require.NoError(t, err)
	require.Equal(t, "layer1.1 > layer2.1", patches[0].Name)
	require.Equal(t, "layer1.0 > head", patches[1].Name)
	iterative, err := s.Iterative(t.Context())
	require.NoError(t, err)
	require.Equal(t, "layer1.1", iterative.Blocks[1].Name)
	blocks, err := s.BlockContributions(t.Context(), ContributionOptions{})
	require.NoError(t, err)
	require.Equal(t, "layer2.1", blocks[3].Name)
}
