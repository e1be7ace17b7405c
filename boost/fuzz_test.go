package boost

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// described is a file of tensors that says it is of a configuration of a kind.
func described(kind string, tensors map[string]*tensor.Tensor, config string) *weights.File {
	text := `{"model":"` + kind + `","config":` + config + `,"card":{"norm":{}}}`
	return &weights.File{Tensors: tensors, Meta: map[string]string{"residuum.model": text}}
}

func ensembleOf(tensors map[string]*tensor.Tensor, config string) (*Ensemble, error) {
	e, _, err := fromFile[description, *Ensemble](described("boost", tensors, config), "boost")
	return e, err
}

// fuzzKept fuzzes the configuration in files of what is kept, and a number of the table of a first tree. What of returns, if
// not an error, is what the file says, which check looks at, and all of the file is of that.
func fuzzKept[K kept[P], P any](f *testing.F, all map[string]K, table, trees string, of func(map[string]*tensor.Tensor, string) (K, error), check func(*testing.T, K)) {
	files := map[string]map[string]*tensor.Tensor{}
	for name, k := range all {
		d, err := k.describe()
		if name == "line" {
			require.Error(f, err)
			continue
		}
		require.NoError(f, err)
		text, err := json.Marshal(d)
		require.NoError(f, err)
		files[name], err = k.tensors()
		require.NoError(f, err)
		f.Add(name, string(text), uint32(0), float32(0))
	}
	f.Add("tree", trees, uint32(3), float32(1))
	f.Fuzz(func(t *testing.T, name, config string, at uint32, value float32) {
		tensors := maps.Clone(files[name])
		if numbers := tensors[table]; numbers != nil && value != 0 {
			numbers = numbers.Clone()
			numbers.Data()[int(at%uint32(numbers.Len()))] = value
			tensors[table] = numbers
		}
		k, err := of(tensors, config)
		if err != nil {
			return
		}
		whole, err := k.tensors()
		require.NoError(t, err)
		require.Len(t, whole, len(files[name]))
		check(t, k)
	})
}

func FuzzDescription(f *testing.F) {
	all := map[string]*Ensemble{}
	for name, c := range ensembles(f) {
		all[name] = c.e
	}
	fuzzKept(f, all, "stages.0.tree.0", `{"row":[2],"outputs":3,"stages":5,"tree":{}}`, ensembleOf, func(t *testing.T, e *Ensemble) {
		x := tensor.New(append([]int{2}, e.row...)...)
		require.Equal(t, []int{2, e.outputs}, e.Forward(autograd.Const(x)).Shape())
	})
}

// Sizes that are no larger than the file can have products that are.
func TestEnsemblesLargerThanTheirFile(t *testing.T) {
	tensors := map[string]*tensor.Tensor{"start": tensor.New(300), "other": tensor.New(0)}
	for _, config := range []string{
		`{"row":[300],"outputs":1,"stages":1,"mlp":{"Hidden":300}}`,
		`{"row":[1],"outputs":300,"stages":1,"mlp":{"Hidden":300}}`,
		`{"row":[1],"outputs":1,"stages":1,"mlp":{"Hidden":2147483647}}`,
		`{"row":[1,1,1],"outputs":1,"stages":1,"conv":{"Channels":100,"Hidden":1}}`,
		`{"row":[1,1,300],"outputs":1,"stages":1,"conv":{"Channels":1,"Hidden":1}}`,
		`{"row":[10,10,3],"outputs":1,"stages":1,"conv":{"Channels":1,"Hidden":30}}`,
		`{"row":[1],"outputs":1,"stages":2,"chained":true,"mlp":{"Hidden":20}}`,
		`{"row":[300],"outputs":2,"stages":1,"linear":{}}`,
		`{"row":[1],"outputs":1,"stages":1,"soft_trees":{"Trees":9,"Depth":6}}`,
		`{"row":[300],"outputs":1,"stages":1,"soft_trees":{"Trees":1,"Depth":2}}`,
		`{"row":[1],"outputs":1,"stages":1,"soft_trees":{"Trees":1,"Depth":2147483647}}`,
	} {
		_, err := ensembleOf(tensors, config)
		require.ErrorContains(t, err, "more elements than the file has", config)
	}
}

// elements counts what is then made.
func TestElementsOfALearner(t *testing.T) {
	for name, c := range ensembles(t) {
		if name == "line" || name == "tree" { // which are no modules
			continue
		}
		for _, s := range c.e.stages {
			made := 0
			for _, p := range nn.Params(s.learner.(nn.Module)) {
				made += p.Value.Len()
			}
			require.Equal(t, float64(made), elements(c.e.family, Input{Row: c.e.row, Features: s.sees}, c.e.outputs), name)
		}
	}
}
