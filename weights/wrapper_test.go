package weights_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// What wrappers put before all names does not keep them from fitting, also several and in any order; what stands before
// some of them only, or is the model's own, stays.
func TestWrappersAreTakenOff(t *testing.T) {
	layer := nn.NewLinear(3, 2, rand.New(rand.NewPCG(1, 2)))
	for before, want := range map[string]string{
		"": "", "module.": "module.", "_orig_mod.module.": "_orig_mod.module.", "model.backbone.": "model.backbone.",
		"encoder.encoder.": "encoder.encoder.", "teacher.": "",
	} {
		tensors := renamed(nn.State(layer), func(name string) string { return before + name })
		file := &weights.File{Tensors: tensors, Unsupported: map[string]string{before + "steps": "C64"}, Part: "net"}
		short, prefix := weights.Unwrap(file)
		require.Equal(t, want, prefix)
		require.Contains(t, short.Tensors, before[len(want):]+"weight")
		require.Equal(t, map[string]string{before[len(want):] + "steps": "C64"}, short.Unsupported)
		require.Equal(t, "net", short.Part)
		require.Equal(t, tensors, file.Tensors, "the file itself stays")

		to := nn.NewLinear(3, 2, rand.New(rand.NewPCG(1, 2)))
		to.Weight.Value.Fill(0)
		file.Unsupported = nil
		err := weights.Assign(nn.State(to), file)
		require.Equal(t, before == want, err == nil, before)
		require.Equal(t, before == want, tensor.Equal(layer.Weight.Value, to.Weight.Value), before)
	}

	half := &weights.File{Tensors: map[string]*tensor.Tensor{"module.weight": tensor.New(2), "bias": tensor.New(2)}}
	same, prefix := weights.Unwrap(half)
	require.Same(t, half, same)
	require.Empty(t, prefix)

	own := nn.Sequential{named{"encoder", layer}}
	require.NoError(t, weights.Assign(nn.State(own), &weights.File{Tensors: weights.FromState(nn.State(own))}))
}

// named is a module of one part.
type named struct {
	name string
	nn.Module
}

func (n named) Parts() []nn.Part { return []nn.Part{{Name: n.name, Module: n.Module}} }
