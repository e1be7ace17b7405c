package unravel

import (
	"math"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/unravel/paths"
)

// scaled is the tensor t * 2^exp, or zero if t is nil. The exponent keeps the elements within
// float32 however many blocks shrink or grow them; multiplying by it loses no precision.
type scaled struct {
	t   *tensor.Tensor
	exp int
}

// add adds t * 2^exp, row r multiplied by signs[r] unless signs is nil. If owned, s may take t over;
// otherwise it copies what it needs.
func (s *scaled) add(t *tensor.Tensor, exp int, signs []float32, owned bool) {
	switch {
	case s.t == nil && owned && signs == nil:
		s.t, s.exp = t, exp
		return
	case s.t == nil:
		s.t, s.exp = tensor.New(t.Shape()...), exp
	case exp > s.exp: // scaling down cannot overflow
		tensor.Scale(s.t, s.t, power(s.exp-exp))
		s.exp = exp
	}
	f := power(exp - s.exp)
	if signs == nil {
		tensor.AddScaled(s.t, s.t, f, t)
		return
	}
	for r, sign := range signs {
		to := s.t.Slice(r, r+1)
		tensor.AddScaled(to, to, sign*f, t.Slice(r, r+1))
	}
}

// power returns 2^exp for exp <= 0.
func power(exp int) float32 { return float32(math.Ldexp(1, exp)) }

// norm returns the logarithm of the Euclidean norm, and moves the exponent if the elements come close
// to the limits of float32.
func (s *scaled) norm() paths.Log {
	if s.t == nil {
		return paths.LogZero
	}
	norm := tensor.Norm(s.t)
	if norm == 0 {
		s.t = nil
		return paths.LogZero
	}
	l := paths.Log(math.Log(norm) + float64(s.exp)*math.Ln2)
	const comfortable = 24
	if _, e := math.Frexp(norm); e > comfortable || e < -comfortable {
		e = max(-120, min(e, 120)) // so that 2^-e is a normal float32
		tensor.Scale(s.t, s.t, float32(math.Ldexp(1, -e)))
		s.exp += e
	}
	return l
}

// sumScaled adds up terms in float64; zero if there are none of the given shape.
func sumScaled(terms []scaled, shape []int) *tensor.Tensor {
	sum := tensor.New(shape...)
	acc := make([]float64, sum.Len())
	for _, s := range terms {
		if s.t == nil {
			continue
		}
		f := math.Ldexp(1, s.exp)
		for i, v := range s.t.Data() {
			acc[i] += f * float64(v)
		}
	}
	for i, v := range acc {
		sum.Data()[i] = float32(v)
	}
	return sum
}
