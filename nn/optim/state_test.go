package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// kinds of optimiser, all with weight decay, which would move a parameter without a gradient.
var kinds = map[string]func(ps ...named) optim.Optimizer{
	"sgd": func(ps ...named) optim.Optimizer { return newSGD(ps, optim.SGDConfig{WeightDecay: 0.1}) },
	"momentum": func(ps ...named) optim.Optimizer {
		return newSGD(ps, optim.SGDConfig{Momentum: 0.9, WeightDecay: 0.1})
	},
	"adam":  func(ps ...named) optim.Optimizer { return newAdam(ps, optim.AdamConfig{WeightDecay: 0.1}) },
	"adamw": func(ps ...named) optim.Optimizer { return newAdamW(ps, optim.AdamConfig{WeightDecay: 0.1}) },
}

func eachKind(t *testing.T, f func(t *testing.T, build func(ps ...named) optim.Optimizer)) {
	for name, build := range kinds {
		t.Run("optimiser="+name, func(t *testing.T) { f(t, build) })
	}
}

// one returns a parameter of value 1 with a gradient of 0.5.
func one(name string) named {
	return named{name, &autograd.Param{Value: tensor.Full(1, 1), Grad: tensor.Full(0.5, 1)}}
}

// resting takes the gradient of a parameter away, or freezes it.
var resting = map[string]func(p named, rests bool){
	"frozen": func(p named, rests bool) { p.Frozen = rests },
	"no gradient": func(p named, rests bool) {
		if p.Grad = nil; !rests {
			p.Grad = tensor.Full(0.5, 1)
		}
	},
}

// A parameter that rests in some steps moves in the others as if those were all, and the others do not notice.
func TestAParameterMovesByItsOwnSteps(t *testing.T) {
	eachKind(t, func(t *testing.T, build func(ps ...named) optim.Optimizer) {
		for how, rest := range resting {
			for _, pattern := range []string{"rm", "rrmmrm", "mrrmm", "mmr"} {
				t.Run(fmt.Sprintf("%s/%s", how, pattern), func(t *testing.T) {
					late, steady, alone, lateAlone := one("late"), one("steady"), one("steady"), one("late")
					both, only, lateOnly := build(late, steady), build(alone), build(lateAlone)
					for _, step := range pattern {
						rest(late, step == 'r')
						both.Step(0.01)
						only.Step(0.01)
						if step == 'm' {
							lateOnly.Step(0.01)
						}
						require.Equal(t, lateAlone.Value.Data(), late.Value.Data())
						require.Equal(t, alone.Value.Data(), steady.Value.Data())
					}
				})
			}
		}
	})
}

// The first step of Adam is lr long, whenever it is.
func TestAdamCountsTheStepsOfEachParameter(t *testing.T) {
	early, late := one("early"), one("late")
	late.Grad = nil
	adam := newAdam(params{early, late}, optim.AdamConfig{})
	adam.Step(0.01)
	late.Grad = tensor.Full(0.5, 1)
	adam.Step(0.01)
	require.InDelta(t, 0.99, late.Value.Item(), 1e-7)
	require.EqualValues(t, 2, adam.State()["early.step"].Item())
	require.EqualValues(t, 1, adam.State()["late.step"].Item())
}

// Float32 rounds these to 1. A first step is nonetheless lr long, the third as float64 has it.
func TestAdamWithBetasNearOne(t *testing.T) {
	for _, beta := range []float64{0.99999999, 1 - 1e-14} {
		p := one("p")
		adam := newAdam(params{p}, optim.AdamConfig{Beta1: beta, Beta2: beta})
		want, sum, squares := 1.0, 0.0, 0.0
		for step, g := range []float64{0.5, -0.25, 2} {
			p.Grad.Fill(float32(g))
			adam.Step(0.01)
			sum, squares = sum+g, squares+g*g // the means of all gradients so far, at this distance from 1
			n := float64(step + 1)
			want -= 0.01 * sum / n / math.Sqrt(squares/n)
			require.InDelta(t, want, p.Value.Item(), 1e-7)
		}
	}
}

// What is saved while parameters rest, or have never moved, goes on with the same bits.
func TestStateOfRestingParametersResumes(t *testing.T) {
	eachKind(t, func(t *testing.T, build func(ps ...named) optim.Optimizer) {
		for how, rest := range resting {
			for _, pattern := range []string{"rrmm", "mrmm", "mmrm"} {
				t.Run(fmt.Sprintf("%s/%s", how, pattern), func(t *testing.T) {
					whole, halves := params{one("a"), one("b")}, params{one("a"), one("b")}
					o, saved := build(whole...), build(halves...)
					for i, step := range pattern {
						rest(whole[1], step == 'r')
						if i == 2 {
							resumed := build(halves...)
							require.NoError(t, resumed.LoadState(saved.State()))
							saved = resumed
						}
						rest(halves[1], step == 'r')
						o.Step(0.01)
						saved.Step(0.01)
					}
					require.Equal(t, joinedAll(whole), joinedAll(halves))
				})
			}
		}
	})
}

func joinedAll(ps params) (out []float32) {
	for _, p := range ps {
		out = append(out, p.Value.Data()...)
	}
	return out
}

// A state of an older version has one count for all.
func TestLoadStateWithOneCount(t *testing.T) {
	p, q := one("p"), one("q")
	old := newAdamW(params{p, q}, optim.AdamConfig{})
	old.Step(0.01)
	old.Step(0.01)
	state := old.State()
	delete(state, "p.step")
	delete(state, "q.step")
	state["step"] = tensor.Full(2, 1)
	resumed := newAdamW(params{p, q}, optim.AdamConfig{})
	require.NoError(t, resumed.LoadState(state))
	require.Contains(t, state, "step", "the caller's map")
	require.EqualValues(t, 2, resumed.State()["q.step"].Item())
	require.NotContains(t, resumed.State(), "step")
}

func TestAParameterListedTwiceIsOne(t *testing.T) {
	eachKind(t, func(t *testing.T, build func(ps ...named) optim.Optimizer) {
		tied, single := one("p"), one("p")
		twice, once := build(tied, tied), build(single)
		for range 3 {
			require.InDelta(t, 0.5, optim.ClipNorm(twice.Params(), 0.6), 1e-7)
			require.InDelta(t, 0.5, optim.ClipNorm(twice.Params(), 0.25), 1e-7)
			require.InDelta(t, 0.25, tied.Grad.Item(), 1e-7)
			single.Grad.Fill(0.25)
			twice.Step(0.01)
			once.Step(0.01)
			require.Equal(t, single.Value.Data(), tied.Value.Data())
			tied.Grad.Fill(0.5)
		}
		require.Len(t, twice.State(), len(once.State()))
		require.NoError(t, once.LoadState(twice.State()))
		require.NoError(t, twice.LoadState(once.State()))
	})
}

func TestStepsAllocateNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, build func(ps ...named) optim.Optimizer) {
		ps := params{one("a"), one("b"), one("c")}
		ps[2].Frozen = true
		o := build(ps...)
		kerneltest.NoAllocs(t, func() {
			optim.ClipNorm(o.Params(), 1)
			o.Step(1e-3)
		})
	})
}
