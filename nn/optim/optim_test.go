package optim_test

import (
	"encoding/json"
	"iter"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
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

// named is a parameter in a list of some.
type named struct {
	name string
	*autograd.Param
}

type params []named

func (ps params) all() iter.Seq2[string, *autograd.Param] {
	return func(yield func(string, *autograd.Param) bool) {
		for _, p := range ps {
			if !yield(p.name, p.Param) {
				return
			}
		}
	}
}

func (ps params) list() (list []*autograd.Param) {
	for _, p := range ps {
		list = append(list, p.Param)
	}
	return list
}

// start returns the two parameters a and b of the reference problem, and one between them that must not move.
func start() params {
	frozen := &autograd.Param{Value: tensor.From([]float32{7}, 1), Grad: tensor.From([]float32{1}, 1), Frozen: true}
	return params{
		{"a", autograd.NewParam(tensor.From([]float32{0.5, -1.25, 2}, 3))},
		{"frozen", frozen},
		{"b", autograd.NewParam(tensor.From([]float32{1, -0.5, 0.25, 3}, 2, 2))},
	}
}

// backward sets the gradients of the reference problem at step t.
func backward(ps params, t int) {
	for _, p := range ps {
		if p.Frozen {
			continue
		}
		p.Grad = tensor.New(p.Value.Shape()...)
		for i, v := range p.Value.Data() {
			x := float64(i)
			p.Grad.Data()[i] = float32(float64(v)*(1+x/2) + math.Cos(float64(t)+x))
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newSGD(ps params, c optim.SGDConfig) *optim.SGD { return must(optim.NewSGD(ps.all(), c)) }

func newAdam(ps params, c optim.AdamConfig) *optim.Adam { return must(optim.NewAdam(ps.all(), c)) }

func newAdamW(ps params, c optim.AdamConfig) *optim.Adam { return must(optim.NewAdamW(ps.all(), c)) }

func build(name string, ps params, f fields) optim.Optimizer {
	adam := optim.AdamConfig{Beta1: f.Beta1, Beta2: f.Beta2, Eps: f.Eps, WeightDecay: f.WeightDecay}
	switch {
	case name[:3] == "sgd":
		return newSGD(ps, optim.SGDConfig{Momentum: f.Momentum, Nesterov: f.Nesterov, WeightDecay: f.WeightDecay})
	case name == "adamw":
		return newAdamW(ps, adam)
	default:
		return newAdam(ps, adam)
	}
}

func joined(ps params, of func(*autograd.Param) *tensor.Tensor) (out []float64) {
	for _, p := range ps {
		if p.Frozen {
			continue
		}
		for _, v := range of(p.Param).Data() {
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
			require.Equal(t, float32(7), ps[1].Value.Item(), "a frozen parameter moved")
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
			o := newAdamW(start(), optim.AdamConfig{})
			state := good()
			c.spoil(state)
			err := o.LoadState(state)
			require.ErrorIs(t, err, optim.ErrState)
			require.ErrorContains(t, err, c.says)
			require.Zero(t, tensor.Norm(o.State()["a.exp_avg_sq"]), "a refused state must change nothing")
		})
	}
	require.NoError(t, newAdamW(start(), optim.AdamConfig{}).LoadState(good()))
	require.ErrorIs(t, newSGD(start(), optim.SGDConfig{}).LoadState(good()), optim.ErrState)
}

func TestNoGradientNoStep(t *testing.T) {
	ps := start()
	backward(ps, 0)
	ps[0].Grad = nil
	before := ps[0].Value.Clone()
	newSGD(ps, optim.SGDConfig{WeightDecay: 0.5}).Step(0.1)
	require.True(t, tensor.Equal(before, ps[0].Value))
}

// A group moves as it would alone, at its own rate and decay, and the first group that wants a parameter has it.
func TestGroups(t *testing.T) {
	is := func(want string) func(string, *autograd.Param) bool {
		return func(name string, _ *autograd.Param) bool { return name == want }
	}
	all := func(string, *autograd.Param) bool { return true }
	groups := []optim.Group{{Match: is("b"), Rate: 0.5}, {Match: all, WeightDecay: 0.25}}
	for name, build := range map[string]func(ps params, decay float64, groups ...optim.Group) optim.Optimizer{
		"sgd": func(ps params, decay float64, groups ...optim.Group) optim.Optimizer {
			return newSGD(ps, optim.SGDConfig{Momentum: 0.9, WeightDecay: decay, Groups: groups})
		},
		"adamw": func(ps params, decay float64, groups ...optim.Group) optim.Optimizer {
			return newAdamW(ps, optim.AdamConfig{WeightDecay: decay, Groups: groups})
		},
	} {
		t.Run("optimiser="+name, func(t *testing.T) {
			grouped, apart := start(), start()
			whole, a, b := build(grouped, 0.7, groups...), build(apart[:1], 0.25), build(apart[2:], 0)
			for step := range 3 {
				backward(grouped, step)
				backward(apart, step)
				whole.Step(0.1)
				a.Step(0.1)
				b.Step(0.05)
			}
			require.Equal(t, joined(apart, value), joined(grouped, value))
		})
	}
}

// Options and parameters that make no sense are errors that name them.
func TestBadConfigs(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	never := func(string, *autograd.Param) bool { return false }
	always := func(string, *autograd.Param) bool { return true }
	sgd := func(c optim.SGDConfig) error { _, err := optim.NewSGD(start().all(), c); return err }
	adam := func(c optim.AdamConfig) error { _, err := optim.NewAdam(start().all(), c); return err }
	groups := func(groups ...optim.Group) error { return sgd(optim.SGDConfig{Groups: groups}) }
	for says, err := range map[string]error{
		"SGDConfig.Momentum is 1: want 0 <= Momentum < 1":                                sgd(optim.SGDConfig{Momentum: 1}),
		"SGDConfig.Momentum is NaN: want 0 <= Momentum < 1":                              sgd(optim.SGDConfig{Momentum: nan}),
		"SGDConfig.Momentum is 0: want more than 0 with Nesterov":                        sgd(optim.SGDConfig{Nesterov: true}),
		"SGDConfig.WeightDecay is -1: want at least 0, and finite in float32":            sgd(optim.SGDConfig{WeightDecay: -1}),
		"SGDConfig.WeightDecay is +Inf: want at least 0, and finite in float32":          sgd(optim.SGDConfig{WeightDecay: inf}),
		"SGDConfig.WeightDecay is 1e+39: want at least 0, and finite in float32":         sgd(optim.SGDConfig{WeightDecay: 1e39}),
		"AdamConfig.Beta1 is 1: want 0 < Beta1 < 1":                                      adam(optim.AdamConfig{Beta1: 1}),
		"AdamConfig.Beta2 is -0.5: want 0 < Beta2 < 1":                                   adam(optim.AdamConfig{Beta2: -0.5}),
		"AdamConfig.Eps is 1e-50: want more than 0, and finite, in float32 too":          adam(optim.AdamConfig{Eps: 1e-50}),
		"AdamConfig.Eps is -1: want more than 0, and finite, in float32 too":             adam(optim.AdamConfig{Eps: -1}),
		"AdamConfig.WeightDecay is NaN: want at least 0, and finite in float32":          adam(optim.AdamConfig{WeightDecay: nan}),
		"SGDConfig.Groups[0].Match is <nil>: want a function":                            groups(optim.Group{}),
		"SGDConfig.Groups[0].Rate is -1: want at least 0, and finite in float32":         groups(optim.Group{Match: always, Rate: -1}),
		"SGDConfig.Groups[0].WeightDecay is NaN: want at least 0, and finite in float32": groups(optim.Group{Match: always, WeightDecay: nan}),
		"SGDConfig.Groups[1].Match is true of no parameter: want one that picks some that no earlier group has": groups(
			optim.Group{Match: always}, optim.Group{Match: always}),
		"SGDConfig.Groups[0].Match is true of no parameter: want one that picks some that no earlier group has": groups(optim.Group{Match: never}),
	} {
		require.EqualError(t, err, "optim: "+says)
		require.ErrorAs(t, err, new(*residuum.ConfigError))
	}
	for says, ps := range map[string]params{
		"optim: NewAdamW: no parameters to train: pass nn.Params of the model": nil,
		`optim: NewAdamW: two parameters are named "a"`:                        append(start(), start()...),
		`optim: NewAdamW: parameter "c" is nil`:                                append(start(), named{"c", nil}),
	} {
		_, err := optim.NewAdamW(ps.all(), optim.AdamConfig{})
		require.EqualError(t, err, says)
	}
}

// A rate that makes no sense is a panic that moves nothing.
func TestRatesThatMakeNoSensePanic(t *testing.T) {
	ps := start()
	backward(ps, 0)
	before := joined(ps, value)
	for says, rate := range map[string]float64{"NaN": math.NaN(), "-0.1": -0.1, "+Inf": math.Inf(1), "1e+300": 1e300} {
		for of, o := range map[string]optim.Optimizer{"SGD": newSGD(ps, optim.SGDConfig{}), "AdamW": newAdamW(ps, optim.AdamConfig{})} {
			require.PanicsWithValue(t, "optim: "+of+": learning rate "+says+": want at least 0, and finite in float32", func() { o.Step(rate) })
		}
	}
	require.PanicsWithValue(t, "optim: Step of an optimiser that has not been made by NewSGD, NewAdam or NewAdamW", func() { new(optim.SGD).Step(0.1) })
	require.Equal(t, before, joined(ps, value))
	require.PanicsWithValue(t, "optim: ClipNorm: limit NaN: want at least 0", func() { optim.ClipNorm(ps.list(), math.NaN()) })
}

func TestClipNormEqualsPyTorchs(t *testing.T) {
	for _, c := range pytorch(t).Clip {
		ps := start()
		backward(ps, 0)
		require.InDelta(t, c.Norm, optim.ClipNorm(ps.list(), c.Limit), 1e-5)
		grads := joined(ps, func(p *autograd.Param) *tensor.Tensor { return p.Grad })
		require.InDeltaSlice(t, c.Grad, grads, 1e-6)
		require.Equal(t, float32(1), ps[1].Grad.Item(), "frozen parameters do not count")
	}
}
