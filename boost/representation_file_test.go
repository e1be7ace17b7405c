package boost

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// saved are small representations of every learner that files know, and one of a user's own.
func saved(t testing.TB) map[string]*Representation {
	t.Helper()
	out := map[string]*Representation{}
	quick := Training{Epochs: 1, Batch: 16}
	for name, learner := range map[string]Learner{
		"mlp": MLP{Hidden: 3, Training: quick}, "random": RandomFeatures{Width: 4}, "linear": Linear{}, "tree": Tree{Depth: 2},
		"soft": SoftTrees{Trees: 2, Depth: 2, Training: quick}, "line": line{},
	} {
		r, err := FitRepresentation(t.Context(), rings(t, 60, 1), RepresentationConfig{Loss: Softmax{}, Learner: learner, Layers: 3, Rate: 0.5})
		require.NoError(t, err)
		out[name] = r
	}
	return out
}

func TestARepresentationComesBackFromItsFile(t *testing.T) {
	x := autograd.Const(rings(t, 30, 2).X)
	card := data.Card{Classes: []string{"inner", "outer"}}
	for name, r := range saved(t) {
		path := filepath.Join(t.TempDir(), name)
		if name == "line" {
			require.ErrorContains(t, r.Save(path, card), "learners of a boost.line")
			continue
		}
		require.NoError(t, r.Save(path, card))
		got, gotCard, err := LoadRepresentation(path)
		require.NoError(t, err)
		require.Equal(t, card, gotCard)
		require.Equal(t, 3, got.Len())
		require.Equal(t, r.Forward(x).Value(), got.Forward(x).Value())
		require.Equal(t, stateOf(r), stateOf(got))
		again := filepath.Join(t.TempDir(), name)
		require.NoError(t, got.Save(again, card))
		first, err := os.ReadFile(path)
		require.NoError(t, err)
		second, err := os.ReadFile(again)
		require.NoError(t, err)
		require.Equal(t, first, second)
		for cut := 0; cut < len(first); cut += 1 + len(first)/200 {
			require.NoError(t, os.WriteFile(path, first[:cut], 0o600))
			_, _, err := LoadRepresentation(path)
			require.ErrorContains(t, err, "boost: LoadRepresentation: ")
		}
		_, _, err = Load(again)
		require.ErrorContains(t, err, `of a model of package "representation"`)
		require.ErrorContains(t, r.Save(path, data.Card{Classes: []string{"one"}}), "names of 1 classes for 2 outputs")
	}
}

func representationOf(tensors map[string]*tensor.Tensor, config string) (*Representation, error) {
	r, _, err := fromFile[representationFile, *Representation](described("representation", tensors, config), "representation")
	return r, err
}

func TestFilesThatAreNotOfARepresentation(t *testing.T) {
	tensors, err := saved(t)["mlp"].tensors()
	require.NoError(t, err)
	for says, config := range map[string]string{
		"names 0 kinds of learners":             `{"row":[2],"outputs":2,"layers":3}`,
		"rows without a shape":                  `{"outputs":2,"layers":3,"mlp":{"Hidden":3}}`,
		"rows of shape [1000000000 1000000000]": `{"row":[1000000000,1000000000],"outputs":2,"layers":3,"mlp":{"Hidden":3}}`,
		"0 outputs":                             `{"row":[2],"outputs":0,"layers":3,"mlp":{"Hidden":3}}`,
		"1000000 layers":                        `{"row":[2],"outputs":2,"layers":1000000,"mlp":{"Hidden":3}}`,
		"more elements than the file has":       `{"row":[2],"outputs":2,"layers":3,"mlp":{"Hidden":300}}`,
		"unexpected: layers.2":                  `{"row":[2],"outputs":2,"layers":2,"mlp":{"Hidden":3}}`,
		"no tensor layers.0.tree.0":             `{"row":[2],"outputs":2,"layers":2,"tree":{}}`,
		"boost: MLP.Hidden is 0":                `{"row":[2],"outputs":2,"layers":3,"mlp":{}}`,
		"boost: Input.Row is [2]: Conv wants":   `{"row":[2],"outputs":2,"layers":3,"conv":{"Hidden":1,"Channels":1}}`,
	} {
		_, err := representationOf(maps.Clone(tensors), config)
		require.ErrorContains(t, err, says)
	}
}

func FuzzRepresentationFile(f *testing.F) {
	fuzzKept(f, saved(f), "layers.0.tree.0", `{"row":[2],"outputs":2,"layers":3,"tree":{}}`, representationOf, func(t *testing.T, r *Representation) {
		x := tensor.New(append([]int{2}, r.row...)...)
		require.Equal(t, 2, r.Forward(autograd.Const(x)).Shape()[0])
	})
}
