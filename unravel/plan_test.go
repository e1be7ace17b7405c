package unravel

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func TestPlanText(t *testing.T) {
	p := Plan{{Block: 0}, {Block: 1}, {Block: 2}, {Block: 3, Do: Delete}, {Block: 5}, {Block: 4, Do: Noise, Amount: 0.5, Draw: 7}, {Block: 4}}
	require.Equal(t, "0-2 delete:3 5 noise:4*0.5#7 4", p.String())
	text, err := json.Marshal(p)
	require.NoError(t, err)
	var q Plan
	require.NoError(t, json.Unmarshal(text, &q))
	require.Equal(t, p, q)
	require.Error(t, json.Unmarshal([]byte(`[{"do":"vanish"}]`), &q))
	require.PanicsWithValue(t, "unravel: plan 9: keep of block 9 of a net with 9 blocks", func() {
		Run(zoo()["mlp"].net, Plan{{Block: 9}}, autograd.Const(tensor.New(1, 4)))
	})
}

func TestOnlyRandom(t *testing.T) {
	p := OnlyRandom(ofLen(9), 4, rand.New(rand.NewPCG(1, 1)))
	require.Len(t, p, 9)
	require.Len(t, p.Deleted(), 5)
	for _, s := range p {
		if s.Do != Delete {
			require.Equal(t, Step{Block: s.Block, Do: Scale, Amount: 9.0 / 4}, s)
		}
	}
	require.Equal(t, Whole(ofLen(9)), OnlyRandom(ofLen(9), 9, rand.New(rand.NewPCG(1, 1))))
}

// TestTrainingAPlan: a plan runs on a training tape, and deleted blocks get no gradient.
func TestTrainingAPlan(t *testing.T) {
	w := []*autograd.Param{autograd.NewParam(tensor.Full(0.1, 3, 3)), autograd.NewParam(tensor.Full(0.1, 3, 3))}
	net := &toy{stem: chain(), head: chain()}
	for _, p := range w {
		net.blocks = append(net.blocks, toyBlock{branch: func(y *autograd.Var) *autograd.Var {
			return autograd.MatMul(y, p.On(y), tensor.NN)
		}})
	}
	tape := autograd.NewTape(1)
	logits := Run(net, Only(ofLen(2), 1), tape.Input(tensor.Full(1, 2, 3)))
	tape.Backward(autograd.CrossEntropy(logits, []int{0, 1}, 0))
	require.Nil(t, w[0].Grad)
	require.Positive(t, tensor.Norm(w[1].Grad))
}

func TestOthersHasNoFixedPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for n := 2; n < 20; n++ {
		seen := map[int]bool{}
		for i, j := range others(rng, n) {
			require.NotEqual(t, i, j)
			seen[j] = true
		}
		require.Len(t, seen, n)
	}
}
