package boost

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// mixed is n rows of numbers, categories and missing values, and two scores.
func mixed(n int) Data {
	d := Data{X: random(1, n, 5), Y: random(2, n, 2)}
	for i := range n {
		d.X.Set(float32(i*7%12), i, 1)
		for f := range 5 {
			if (i+f)%6 == 0 {
				d.X.Set(float32(math.NaN()), i, f)
			}
		}
		if v := d.X.At(i, 1); v == v && int(v)%3 == 0 {
			d.Y.Data()[2*i] += 3
		}
		if v := d.X.At(i, 0); !(v < 0.3) {
			d.Y.Data()[2*i+1] -= 2
		}
	}
	return d
}

// Prediction in blocks and of single rows, against a walk from node to node that is written down here.
func TestPredictionsAreThoseOfTheNodes(t *testing.T) {
	d := mixed(333)
	rows := d.X.Clone()
	for i := range 60 { // not fitted on, but ordered as numbers are
		rows.Data()[7*i] = float32(math.Inf(i%2*2 - 1))
	}
	for _, tree := range []Tree{{Depth: 5}, {Depth: 9, Leaves: 20}, {Depth: 5, Categorical: []int{1}}} {
		e := fitSquares(t, d, 7, tree)
		got := e.Predict(rows)
		for _, workers := range []int{1, 3} {
			restore := parallel.SetWorkers(workers)
			require.True(t, tensor.Equal(got, e.Predict(rows)))
			restore()
		}
		last := got
		for _, f := range e.Staged(rows) {
			last = f
		}
		requireClose(t, last, got, 1e-6)
		for i := range 333 {
			row := rows.Slice(i, i+1)
			require.Equal(t, got.Slice(i, i+1).Data(), e.Predict(row).Data())
			for k := range 2 {
				sum := float64(e.start.At(k))
				for m, s := range e.stages {
					nodes, at := s.learner.(*trees).roots[k], 0
					for nodes[at].left != 0 {
						n, v := nodes[at], row.At(0, nodes[at].column)
						right := v >= n.cut
						if n.right != nil {
							right = false
							for _, c := range n.right {
								right = right || float32(c) == v
							}
						}
						if v != v {
							right = !n.missingLeft
						}
						at = n.left
						if right {
							at++
						}
					}
					sum += e.Scale(m) * float64(nodes[at].value)
				}
				require.InDelta(t, sum, got.At(i, k), 1e-5)
			}
		}
	}
}

func BenchmarkPredict(b *testing.B) {
	d := Data{X: random(1, 20_000, 30), Y: random(2, 20_000, 1)}
	e, err := Fit(b.Context(), d, Config{Loss: SquaredError{}, Learner: Tree{Depth: 6}, Stages: 100, Rate: 0.3, Newton: true})
	require.NoError(b, err)
	b.Run("rows", func(b *testing.B) {
		for b.Loop() {
			e.Predict(d.X)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*20_000), "ns/row")
	})
	b.Run("row", func(b *testing.B) {
		i := 0
		for b.Loop() {
			e.Predict(d.X.Slice(i, i+1))
			i = (i + 1) % 20_000
		}
	})
}
