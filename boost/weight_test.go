package boost

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

func fitWeighted(t *testing.T, c Config, d Data, weight func(i int) float32) (e *Ensemble, reports string) {
	t.Helper()
	d.Weight = tensor.New(d.X.Dim(0))
	for i := range d.Weight.Data() {
		d.Weight.Data()[i] = weight(i)
	}
	c.OnStage = func(r Report) error { reports += fmt.Sprintf("%#v\n", r); return nil }
	e, err := Fit(context.Background(), d, c)
	require.NoError(t, err)
	return e, reports
}

func TestScaleOfWeightsDoesNotMatter(t *testing.T) {
	d := blobs(t, 20, 3, 1)
	for name, c := range map[string]Config{
		"line":        {Loss: Softmax{}, Learner: line{}, Stages: 3, Rate: 0.5},
		"line Newton": {Loss: Softmax{}, Learner: line{}, Stages: 3, Rate: 0.5, Newton: true},
		"MLP":         {Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 2, Rate: 0.5},
		"logistic":    {Loss: Logistic{}, Learner: line{}, Stages: 3, Rate: 0.5},
		"user's loss": {Loss: poisson{}, Learner: line{}, Stages: 3, Rate: 0.5},
		"linear":      {Loss: Softmax{}, Learner: Linear{}, Stages: 3, Rate: 0.5, Newton: true},
		"soft trees":  {Loss: Softmax{}, Learner: SoftTrees{Trees: 2, Depth: 2}, Stages: 2, Rate: 0.5},
		"robust":      {Loss: Huber{}, Learner: Tree{Depth: 2}, Stages: 3, Rate: 0.5},
	} {
		t.Run(name, func(t *testing.T) {
			equal, reports := fitWeighted(t, c, d, func(int) float32 { return 1 })
			for _, w := range []float32{1e-45, 1e-40, 1e-30, 3, 1e30, 3e38} {
				e, r := fitWeighted(t, c, d, func(int) float32 { return w })
				require.Equal(t, reports, r, "weights %v", w)
				require.True(t, tensor.Equal(equal.Predict(d.X), e.Predict(d.X)), "weights %v", w)
			}
			apart, reports := fitWeighted(t, c, d, func(i int) float32 { return float32(1 + i%3) })
			require.False(t, tensor.Equal(equal.Predict(d.X), apart.Predict(d.X)))
			for _, w := range []float32{0x1p-149, 0x1p-120, 0x1p126} {
				e, r := fitWeighted(t, c, d, func(i int) float32 { return w * float32(1+i%3) })
				require.Equal(t, reports, r, "weights %v", w)
				require.True(t, tensor.Equal(apart.Predict(d.X), e.Predict(d.X)), "weights %v", w)
			}
		})
	}
}

func TestRowsOfWeightZeroHaveNoPart(t *testing.T) {
	d := blobs(t, 20, 3, 1)
	n := d.X.Dim(0)
	absurd := Data{X: tensor.Concat(nil, 0, tensor.Full(1e30, 2, 2), d.X), Y: tensor.Concat(nil, 0, d.Y.Slice(0, 2), d.Y)}
	for _, c := range []Config{
		{Loss: Softmax{}, Learner: line{}, Stages: 3, Rate: 0.5},
		{Loss: Softmax{}, Learner: MLP{Hidden: 4}, Stages: 2, Rate: 0.5, Newton: true},
		{Loss: SquaredError{}, Learner: line{}, Stages: 3, Rate: 0.5, Subsample: 0.5},
	} {
		want, reports := fitWeighted(t, c, d, func(i int) float32 { return 1 })
		for _, none := range []float32{0, 1e-45} { // the other weights are 3e38
			got, r := fitWeighted(t, c, absurd, func(i int) float32 {
				if i < 2 {
					return none
				}
				return 3e38
			})
			require.Equal(t, reports, r)
			require.Equal(t, n, absurd.X.Dim(0)-2)
			require.True(t, tensor.Equal(want.Predict(d.X), got.Predict(d.X)))
		}
	}

	// Nor have they in validation, where their loss may be infinite.
	valid := absurd
	valid.Weight = tensor.Full(1, n+2)
	valid.Weight.Data()[0], valid.Weight.Data()[1] = 0, 0
	score := scoreOf(SquaredError{}, tensor.Concat(nil, 0, tensor.Full(3e38, 2, 3), tensor.New(n, 3)), valid)
	require.Equal(t, n, score.Examples)
	require.InDelta(t, 0.5, score.Loss(), 1e-6)
}

func TestScaleOfWeightsDoesNotMatterToRepresentations(t *testing.T) {
	train := rings(t, 200, 1)
	for name, c := range representations() {
		t.Run(name, func(t *testing.T) {
			c.Layers = 2
			fit := func(scale float32) *tensor.Tensor {
				d := train
				d.Weight = tensor.New(200)
				for i := range d.Weight.Data() {
					d.Weight.Data()[i] = scale * float32(1+i%3)
				}
				r, err := FitRepresentation(t.Context(), d, c)
				require.NoError(t, err)
				return r.Forward(autograd.Const(d.X)).Value()
			}
			want := fit(1)
			for _, scale := range []float32{0x1p-120, 0x1p120} {
				require.Equal(t, want, fit(scale))
			}
		})
	}
}
