package boost

import (
	"context"
	"errors"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/optimize"

	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// fitHead minimises mean_i w_i l(y_i, W z_i + b) + lambda/2 |W|^2 over W and b, from those that there are: in closed form for
// the squared error, else by L-BFGS.
func (b *representer) fitHead(ctx context.Context) error {
	if b.Loss == (SquaredError{}) {
		rows := b.train.Weight
		if rows == nil {
			rows = tensor.Full(1, b.train.Y.Dim(0))
		}
		s := newLeastSquares(b.train.y, b.train.Y, rows)
		s.write(b.r.head, s.ridge(b.L2), 0)
		return finite("weights of the head", b.r.head.Weight.Value, ErrDiverged)
	}
	p := optimize.Problem{
		Func: b.headLoss,
		Grad: b.headGradient,
		Status: func() (optimize.Status, error) {
			return optimize.NotTerminated, cancelled.Err(ctx)
		},
	}
	settings := &optimize.Settings{GradientThreshold: 1e-5, MajorIterations: 100, Converger: &optimize.FunctionConverge{Relative: 1e-7, Iterations: 5}}
	found, err := optimize.Minimize(p, b.headPoint(), settings, &optimize.LBFGS{})
	switch {
	case ctx.Err() != nil:
		return cancelled.Err(ctx)
	case found == nil:
		return errors.Join(ErrDiverged, err)
	}
	// A line search that finds nothing better than float32 lets it is the end, too.
	b.setHead(found.X)
	return finite("weights of the head", b.r.head.Weight.Value, ErrDiverged)
}

// headPoint returns W, row by row, and b.
func (b *representer) headPoint() (x []float64) {
	for _, t := range []*tensor.Tensor{b.r.head.Weight.Value, b.r.head.Bias.Value} {
		for _, v := range t.Data() {
			x = append(x, float64(v))
		}
	}
	return x
}

func (b *representer) setHead(x []float64) {
	for _, t := range []*tensor.Tensor{b.r.head.Weight.Value, b.r.head.Bias.Value} {
		for i := range t.Data() {
			t.Data()[i] = float32(x[i])
		}
		x = x[t.Len():]
	}
}

func (b *representer) headLoss(x []float64) float64 {
	b.setHead(x)
	w := x[:b.r.head.Weight.Value.Len()]
	return meanLoss(b.Loss, b.scores(b.train), b.train.Data) + b.L2/2*floats.Dot(w, w)
}

func (b *representer) headGradient(grad, x []float64) {
	b.setHead(x)
	g := gradient(nil, b.Loss, b.scores(b.train), b.train.Data)
	tensor.Scale(g, g, 1/float32(g.Dim(0)))
	if b.train.Weight != nil {
		tensor.Mul(g, g, b.train.Weight.Reshape(g.Dim(0), 1))
	}
	byWeight := tensor.MatMul(nil, g, b.train.y, tensor.TN)
	for i, v := range byWeight.Data() {
		grad[i] = float64(v) + b.L2*x[i]
	}
	for i, v := range tensor.Sum(nil, g, 0).Data() {
		grad[byWeight.Len()+i] = float64(v)
	}
}
