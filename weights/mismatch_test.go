package weights_test

import (
	"iter"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

type state = iter.Seq2[string, *tensor.Tensor]

func stateOf(t *testing.T, cfg resnet.Config) state {
	t.Helper()
	net, err := resnet.New(cfg, rand.New(rand.NewPCG(1, 2)))
	require.NoError(t, err)
	return nn.State(net)
}

// renamed returns the tensors of a model under other names.
func renamed(model state, f func(name string) string) map[string]*tensor.Tensor {
	m := map[string]*tensor.Tensor{}
	for name, v := range weights.FromState(model) {
		m[f(name)] = v
	}
	return m
}

func with(tensors map[string]*tensor.Tensor, name string, t *tensor.Tensor) map[string]*tensor.Tensor {
	tensors[name] = t
	return tensors
}

// What is wrong with a file is said in one line, with the reason where the names tell it.
func TestMismatchGuessesTheReason(t *testing.T) {
	cfg := resnet.Config{Depth: 20, Width: 4, Classes: 10}
	model := stateOf(t, cfg)
	same := func(name string) string { return name }
	deeper, classes, wider, vgg := cfg, cfg, cfg, cfg
	deeper.Depth, classes.Classes, wider.Width = 32, 100, 8
	vgg.Kind, vgg.Depth = resnet.VGG, 10
	linear := nn.NewLinear(3, 2, rand.New(rand.NewPCG(1, 2)))
	const begin = "weights: tensors do not fit the model: "
	for name, c := range map[string]struct {
		model   state
		tensors map[string]*tensor.Tensor
		says    string
	}{
		"a part of another": {model, renamed(model, func(name string) string { return "teacher." + name }),
			`97 of their names begin with "teacher.", which is to be cut off: 97 missing: conv1.weight, bn1.weight, bn1.bias and 94 more; ` +
				`97 unexpected: teacher.bn.bias, teacher.bn.running_mean, teacher.bn.running_var and 94 more`},
		"a part of another with another head": {model, renamed(model, func(name string) string {
			return "teacher." + strings.Replace(name, "fc.", "linear.", 1)
		}), `95 of their names begin with "teacher.", which is to be cut off: 97 missing: `},
		"DataParallel with another head": {model, renamed(model, func(name string) string {
			return "module." + strings.Replace(name, "fc.", "linear.", 1)
		}), "2 missing: fc.weight, fc.bias; 2 unexpected: linear.bias, linear.weight"},
		"a prefix too few": {model, renamed(model, func(name string) string { return strings.TrimPrefix(name, "layer1.") }),
			`26 of their names lack "layer1." at the beginning: 26 missing: `},
		"nothing": {stateOf(t, cfg), nil, "97 missing: conv1.weight, bn1.weight, bn1.bias and 94 more"},
		"too deep": {model, weights.FromState(stateOf(t, deeper)), "they are of 15 blocks, the model has 9: " +
			"60 unexpected: layer1.3.bn1.bias, layer1.3.bn1.running_mean, layer1.3.bn1.running_var and 57 more"},
		"too shallow": {stateOf(t, deeper), weights.FromState(model), "they are of 9 blocks, the model has 15: 60 missing: "},
		"other classes": {model, weights.FromState(stateOf(t, classes)),
			"they are for 100 classes, the model for 10; delete these and use AssignMatching for the rest: " +
				"2 of another shape: fc.weight is [100 16], the model has [10 16], fc.bias is [100], the model has [10]"},
		"one tensor": {model, with(weights.FromState(model), "layer1.0.bn2.bias", tensor.New(5)),
			"1 of another shape: layer1.0.bn2.bias is [5], the model has [4]"},
		"no head": {model, renamed(func(yield func(string, *tensor.Tensor) bool) {
			for name, v := range model {
				if !strings.HasPrefix(name, "fc.") && !yield(name, v) {
					return
				}
			}
		}, same), "they lack the last layer; AssignMatching fills the rest: 2 missing: fc.weight, fc.bias"},
		"half a head": {model, with(weights.FromState(model), "fc.bias", tensor.New(100)),
			"1 of another shape: fc.bias is [100], the model has [10]"},
		"too wide": {model, weights.FromState(stateOf(t, wider)), "96 of another shape: conv1.weight is [8 3 3 3], the model has [4 3 3 3], " +
			"bn1.weight is [8], the model has [4], bn1.bias is [8], the model has [4] and 93 more"},
		"another kind": {model, weights.FromState(stateOf(t, vgg)), "no name is the same, so they are of another kind of model: 97 missing: "},
		"a prefix in the model": {nn.State(nn.Sequential{linear}), renamed(nn.State(linear), same),
			`2 of their names lack "0." at the beginning: 2 missing: 0.weight, 0.bias; 2 unexpected: bias, weight`},
		"an empty file": {nn.State(nn.Sequential{linear}), nil, "2 missing: 0.weight, 0.bias"},
	} {
		t.Run(name, func(t *testing.T) {
			err := weights.Assign(c.model, &weights.File{Tensors: c.tensors})
			var mismatch *weights.Mismatch
			require.ErrorAs(t, err, &mismatch)
			require.True(t, strings.HasPrefix(err.Error(), begin+c.says), "%v", err)
			require.Less(t, len(err.Error()), 400)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}
