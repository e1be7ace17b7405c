package optim

import (
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// ClipNorm scales all gradients by one factor such that their joint Euclidean norm is at most
// limit, and returns the norm that they had. Frozen parameters do not count. Each parameter comes once, as in the
// Params of an [Optimizer]. A limit that is negative or NaN is a panic. Pascanu et al. 2013, algorithm 1.
func ClipNorm(params []*autograd.Param, limit float64) (norm float64) {
	want(limit >= 0, "ClipNorm", "limit", limit, "at least 0")
	for _, p := range params {
		if p.Grad != nil && !p.Frozen {
			n := tensor.Norm(p.Grad)
			norm += n * n
		}
	}
	norm = math.Sqrt(norm)
	if norm <= limit {
		return norm
	}
	factor := float32(limit / norm)
	for _, p := range params {
		if p.Grad != nil && !p.Frozen {
			tensor.Scale(p.Grad, p.Grad, factor)
		}
	}
	return norm
}
