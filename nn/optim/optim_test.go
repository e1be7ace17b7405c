package optim_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn/optim"
	"github.com/residuum-go/residuum/tensor"
)

// reference is testdata/reference.json, written by reference.py beside it.
type reference struct {
	Rates      []float64
	Optimisers []struct {
		Name   string
		Fields fields
		Params [][]float64 // after each step, a and b joined
	}
	Schedules map[string][]float64
	Clip      []struct {
		Limit, Norm float64
		Grad        []float64
	}
}

type fields struct {
	Momentum, WeightDecay, Beta1, Beta2, Eps float64
	Nesterov                                 bool
}

func pytorch(t *testing.T) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.json")
	require.NoError(t, err)
	var ref reference
	require.NoError(t, json.Unmarshal(text, &ref))
	return ref
}

// start returns the two parameters of the reference problem, and a statistic that must not move.
func start() []*autograd.Param {
	fixed := autograd.NewParam("running_mean", tensor.From([]float32{7}, 1))
	fixed.Fixed = true
	fixed.Grad = tensor.From([]float32{1}, 1)
	return []*autograd.Param{
		autograd.NewParam("a", tensor.From([]float32{0.5, -1.25, 2}, 3)),
		fixed,
		autograd.NewParam("b", tensor.From([]float32{1, -0.5, 0.25, 3}, 2, 2)),
	}
}

// backward sets the gradients of the reference problem at step t.
func backward(ps []*autograd.Param, t int) {
	for _, p := range ps {
		if p.Fixed {
			continue
		}
		p.Grad = tensor.New(p.Value.Shape()...)
		for i, v := range p.Value.Data() {
			x := float64(i)
			p.Grad.Data()[i] = float32(float64(v)*(1+x/2) + math.Cos(float64(t)+x))
		}
	}
}

func build(name string, ps []*autograd.Param, f fields) optim.Optimizer {
	switch {
	case name[:3] == "sgd":
		return &optim.SGD{Params: ps, Momentum: f.Momentum, Nesterov: f.Nesterov, WeightDecay: f.WeightDecay}
	case name == "adamw":
		return &optim.AdamW{Params: ps, Beta1: f.Beta1, Beta2: f.Beta2, Eps: f.Eps, WeightDecay: f.WeightDecay}
	default:
		return &optim.Adam{Params: ps, Beta1: f.Beta1, Beta2: f.Beta2, Eps: f.Eps, WeightDecay: f.WeightDecay}
	}
}

func joined(ps []*autograd.Param, of func(*autograd.Param) *tensor.Tensor) (out []float64) {
	for _, p := range ps {
		if p.Fixed {
			continue
		}
		for _, v := range of(p).Data() {
			out = append(out, float64(v))
		}
	}
	return out
}

func value(p *autograd.Param) *tensor.Tensor { return p.Value }

func TestTrajectoriesEqualPyTorchs(t *testing.T) {
	ref := pytorch(t)
	require.NotEmpty(t, ref.Optimisers)
	for _, c := range ref.Optimisers {
		t.Run("optimiser="+c.Name, func(t *testing.T) {
			ps := start()
			o := build(c.Name, ps, c.Fields)
			for step, rate := range ref.Rates {
				backward(ps, step)
				o.Step(rate)
				require.InDeltaSlice(t, c.Params[step], joined(ps, value), 3e-6, "step %d", step)
			}
			require.Equal(t, float32(7), ps[1].Value.Item(), "a fixed parameter moved")
		})
	}
}

// A run that is saved half-way and goes on in a new optimiser takes the same steps to the bit.
func TestStateResumes(t *testing.T) {
	ref := pytorch(t)
	for _, c := range ref.Optimisers {
		t.Run("optimiser="+c.Name, func(t *testing.T) {
			whole, halves := start(), start()
			a, b := build(c.Name, whole, c.Fields), build(c.Name, halves, c.Fields)
			for step, rate := range ref.Rates {
				if step == 5 {
					saved := map[string]*tensor.Tensor{}
					for name, v := range b.State() {
						saved[name] = v.Clone()
					}
					b = build(c.Name, halves, c.Fields)
					require.NoError(t, b.LoadState(saved))
				}
				backward(whole, step)
				backward(halves, step)
				a.Step(rate)
				b.Step(rate)
			}
			require.Equal(t, joined(whole, value), joined(halves, value))
		})
	}
}

func TestLoadStateRefusesWhatDoesNotFit(t *testing.T) {
	good := func() map[string]*tensor.Tensor {
		return map[string]*tensor.Tensor{
			"a.exp_avg": tensor.Full(1, 3), "a.exp_avg_sq": tensor.Full(1, 3),
			"b.exp_avg": tensor.Full(1, 2, 2), "b.exp_avg_sq": tensor.Full(1, 2, 2),
			"step": tensor.Full(4, 1),
		}
	}
	cases := []struct {
		name, says string
		spoil      func(map[string]*tensor.Tensor)
	}{
		{"missing", "b.exp_avg_sq is missing", func(m map[string]*tensor.Tensor) { delete(m, "b.exp_avg_sq") }},
		{"nil", "a.exp_avg is missing", func(m map[string]*tensor.Tensor) { m["a.exp_avg"] = nil }},
		{"shape", "a.exp_avg is [2], want [3]", func(m map[string]*tensor.Tensor) { m["a.exp_avg"] = tensor.New(2) }},
		{"unknown", "c.exp_avg belongs to no parameter", func(m map[string]*tensor.Tensor) { m["c.exp_avg"] = tensor.New(2) }},
		{"negative step", "step is -1", func(m map[string]*tensor.Tensor) { m["step"] = tensor.Full(-1, 1) }},
		{"half a step", "step is 0.5", func(m map[string]*tensor.Tensor) { m["step"] = tensor.Full(0.5, 1) }},
		{"endless step", "step is +Inf", func(m map[string]*tensor.Tensor) { m["step"] = tensor.Full(float32(math.Inf(1)), 1) }},
	}
	for _, c := range cases {
		t.Run("state="+c.name, func(t *testing.T) {
			o := &optim.AdamW{Params: start()}
			state := good()
			c.spoil(state)
			err := o.LoadState(state)
			require.ErrorIs(t, err, optim.ErrState)
			require.ErrorContains(t, err, c.says)
			require.Zero(t, tensor.Norm(o.State()["a.exp_avg_sq"]), "a refused state must change nothing")
		})
	}
	require.NoError(t, (&optim.AdamW{Params: start()}).LoadState(good()))
	require.ErrorIs(t, (&optim.SGD{Params: start()}).LoadState(good()), optim.ErrState)
}

func TestParametersLeftAlone(t *testing.T) {
	ps := start()
	backward(ps, 0)
	ps[0].Grad = nil
	ps[2].NoDecay = true
	before := ps[0].Value.Clone()
	(&optim.SGD{Params: ps, WeightDecay: 0.5}).Step(0.1)
	require.True(t, tensor.Equal(before, ps[0].Value), "no gradient, no step")

	plain := start()
	backward(plain, 0)
	(&optim.SGD{Params: plain}).Step(0.1)
	require.True(t, tensor.Equal(plain[2].Value, ps[2].Value), "NoDecay")
}

func TestFieldsThatMakeNoSensePanic(t *testing.T) {
	for name, o := range map[string]optim.Optimizer{
		"momentum":   &optim.SGD{Momentum: 1},
		"nesterov":   &optim.SGD{Nesterov: true},
		"decay":      &optim.SGD{WeightDecay: -1},
		"beta":       &optim.Adam{Beta1: 1},
		"eps":        &optim.AdamW{Eps: -1},
		"nan":        &optim.AdamW{WeightDecay: math.NaN()},
		"same names": &optim.SGD{Params: append(start(), start()...)},
	} {
		t.Run("field="+name, func(t *testing.T) { require.Panics(t, func() { o.Step(0.1) }) })
	}
}

func TestClipNormEqualsPyTorchs(t *testing.T) {
	for _, c := range pytorch(t).Clip {
		ps := start()
		backward(ps, 0)
		require.InDelta(t, c.Norm, optim.ClipNorm(ps, c.Limit), 1e-5)
		grads := joined(ps, func(p *autograd.Param) *tensor.Tensor { return p.Grad })
		require.InDeltaSlice(t, c.Grad, grads, 1e-6)
		require.Equal(t, float32(1), ps[1].Grad.Item(), "fixed parameters do not count")
	}
}
