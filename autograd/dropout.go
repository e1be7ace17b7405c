package autograd

import (
	"fmt"

	"github.com/residuum-go/residuum/tensor"
)

// Dropout sets every element of x to zero with probability p, in [0,1), and divides the others by
// 1-p; beside a tape in evaluation mode, or on a constant, it returns x. What is dropped is 0 whatever
// it was, also infinite or NaN. The choice comes from the tape's random source. Source: Srivastava et
// al. 2014, with the scaling moved into training.
func Dropout(x *Var, p float32) *Var {
	if !(p >= 0 && p < 1) {
		panic(fmt.Sprintf("autograd: Dropout: probability %v is outside [0,1)", p))
	}
	if !x.Training() || p == 0 {
		return x
	}
	keep := x.tape.record("dropout mask").buffer(x.Shape()...)
	data := keep.Data()
	threshold := uint32(float64(p) * (1 << 32))
	for i := 0; i < len(data); i += 2 { // one random number decides two elements
		r := x.tape.rand.Uint64()
		data[i] = oneIf(uint32(r) >= threshold)
		if i+1 < len(data) {
			data[i+1] = oneIf(uint32(r>>32) >= threshold)
		}
	}
	return drop(x, dropped{keep, 1 / (1 - p)})
}

// dropped is what a dropout does: it keeps and multiplies elements where keep is 1, not 0.
type dropped struct {
	keep  *tensor.Tensor
	scale float32
}

// drop chooses instead of multiplying by a mask: 0 times infinity is not 0.
func drop(x *Var, p dropped) *Var {
	y := result("Dropout", x)
	*attr[dropped](y) = p
	chosen := tensor.ReLUGrad(y.buffer(x.Shape()...), p.keep, x.value)
	tensor.Scale(chosen, chosen, p.scale)
	return y.returns(func(y, g *Var, d []*Var) { d[0] = drop(g, *attr[dropped](y)) })
}

func oneIf(keep bool) float32 {
	if keep {
		return 1
	}
	return 0
}
