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
			"a.exp_avg": tensor.Full(1, 3), "a.exp_avg_sq": tensor.Full(1, 3), "a.step": tensor.Full(4, 1),
			"b.exp_avg": tensor.Full(1, 2, 2), "b.exp_avg_sq": tensor.Full(1, 2, 2), "b.step": tensor.Full(5, 1),
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
		{"no step", "b.step is missing", func(m map[string]*tensor.Tensor) { delete(m, "b.step") }},
		{"negative step", "a.step holds -1", func(m map[string]*tensor.Tensor) { m["a.step"] = tensor.Full(-1, 1) }},
		{"half a step", "a.step holds 0.5", func(m map[string]*tensor.Tensor) { m["a.step"] = tensor.Full(0.5, 1) }},
		{"endless step", "a.step holds +Inf", func(m map[string]*tensor.Tensor) { m["a.step"] = tensor.Full(float32(math.Inf(1)), 1) }},
		{"mean NaN", "b.exp_avg holds NaN", func(m map[string]*tensor.Tensor) { m["b.exp_avg"].Set(float32(math.NaN()), 1, 1) }},
		{"negative square", "a.exp_avg_sq holds -2", func(m map[string]*tensor.Tensor) { m["a.exp_avg_sq"].Set(-2, 1) }},
		{"old step, wrong", "a.step holds -1", func(m map[string]*tensor.Tensor) { m["step"] = tensor.Full(-1, 1) }},
		{"old step of two", "a.step is [2], want [1]", func(m map[string]*tensor.Tensor) { m["step"] = tensor.Full(1, 2) }},
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

// Each panics in the first step, by name, and moves nothing.
func TestFieldsThatMakeNoSensePanic(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	sgd, adam, adamw := func(o optim.SGD) optim.Optimizer { return &o }, func(o optim.Adam) optim.Optimizer { return &o },
		func(o optim.AdamW) optim.Optimizer { return &o }
	ps := start()
	backward(ps, 0)
	before := joined(ps, value)
	for _, c := range []struct {
		o    optim.Optimizer
		rate float64
		says string
	}{
		{sgd(optim.SGD{Params: ps, Momentum: 1}), 0.1, "SGD: Momentum 1: want 0 <= Momentum < 1"},
		{sgd(optim.SGD{Params: ps, Momentum: nan}), 0.1, "SGD: Momentum NaN: want 0 <= Momentum < 1"},
		{sgd(optim.SGD{Params: ps, Nesterov: true}), 0.1, "SGD: Momentum 0: want more than 0 with Nesterov"},
		{sgd(optim.SGD{Params: ps, WeightDecay: -1}), 0.1, "SGD: WeightDecay -1: want at least 0, and finite in float32"},
		{sgd(optim.SGD{Params: ps, WeightDecay: inf}), 0.1, "SGD: WeightDecay +Inf: want at least 0, and finite in float32"},
		{sgd(optim.SGD{Params: ps, WeightDecay: 1e39}), 0.1, "SGD: WeightDecay 1e+39: want at least 0, and finite in float32"},
		{sgd(optim.SGD{Params: ps}), nan, "SGD: learning rate NaN: want at least 0, and finite in float32"},
		{sgd(optim.SGD{Params: ps}), -0.1, "SGD: learning rate -0.1: want at least 0, and finite in float32"},
		{sgd(optim.SGD{Params: ps}), inf, "SGD: learning rate +Inf: want at least 0, and finite in float32"},
		{sgd(optim.SGD{}), 0.1, "SGD: no parameters to train: set Params, usually to the Params() of the model"},
		{adam(optim.Adam{Params: ps, Beta1: 1}), 0.1, "Adam: Beta1 1: want 0 < Beta1 < 1"},
		{adam(optim.Adam{Params: ps, Beta2: -0.5}), 0.1, "Adam: Beta2 -0.5: want 0 < Beta2 < 1"},
		{adam(optim.Adam{Params: ps, Eps: 1e-50}), 0.1, "Adam: Eps 1e-50: want more than 0, and finite, in float32 too"},
		{adamw(optim.AdamW{Params: ps, Eps: -1}), 0.1, "AdamW: Eps -1: want more than 0, and finite, in float32 too"},
		{adamw(optim.AdamW{Params: ps, Eps: inf}), 0.1, "AdamW: Eps +Inf: want more than 0, and finite, in float32 too"},
		{adamw(optim.AdamW{Params: ps, WeightDecay: nan}), 0.1, "AdamW: WeightDecay NaN: want at least 0, and finite in float32"},
		{adamw(optim.AdamW{Params: ps}), 1e300, "AdamW: learning rate 1e+300: want at least 0, and finite in float32"},
		{adamw(optim.AdamW{}), 0.1, "AdamW: no parameters to train: set Params, usually to the Params() of the model"},
		{sgd(optim.SGD{Params: append(start(), ps...)}), 0.1,
			`SGD: two parameters are named "a": name their layers with nn.Named or nn.NewSequential`},
	} {
		t.Run(c.says, func(t *testing.T) {
			require.PanicsWithValue(t, "optim: "+c.says, func() { c.o.Step(c.rate) })
			require.Equal(t, before, joined(ps, value))
		})
	}
	require.PanicsWithValue(t, "optim: ClipNorm: limit NaN: want at least 0", func() { optim.ClipNorm(ps, nan) })
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
