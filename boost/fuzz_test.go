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

// described is a file of tensors that says it is of an ensemble of a configuration.
func described(tensors map[string]*tensor.Tensor, config string) *weights.File {
	text := `{"model":"boost","config":` + config + `,"card":{"norm":{}}}`
	return &weights.File{Tensors: tensors, Meta: map[string]string{"residuum.model": text}}
}

// Whatever a file says of its ensemble, it is an error, or the ensemble that it says, and all of the file is of that.
func FuzzDescription(f *testing.F) {
	files := map[string]map[string]*tensor.Tensor{}
	for name, c := range ensembles(f) {
		d, err := c.e.describe()
		if name == "line" {
			require.Error(f, err)
			continue
		}
		require.NoError(f, err)
		text, err := json.Marshal(d)
		require.NoError(f, err)
		files[name], err = c.e.tensors()
		require.NoError(f, err)
		f.Add(name, string(text), uint32(0), float32(0))
	}
	f.Add("tree", `{"row":[2],"outputs":3,"stages":5,"tree":{}}`, uint32(3), float32(1))
	f.Fuzz(func(t *testing.T, name, config string, at uint32, value float32) {
		tensors := maps.Clone(files[name])
		if table := tensors["stages.0.tree.0"]; table != nil && value != 0 {
			table = table.Clone()
			table.Data()[int(at%uint32(table.Len()))] = value
			tensors["stages.0.tree.0"] = table
		}
		e, _, err := fromFile(described(tensors, config))
		if err != nil {
			return
		}
		saved, err := e.tensors()
		require.NoError(t, err)
		require.Len(t, saved, len(files[name]))
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
		_, _, err := fromFile(described(tensors, config))
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
