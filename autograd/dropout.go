package autograd

import "fmt"

// Dropout sets every element of x to zero with probability p, in [0,1), and divides the others by
// 1-p; beside a tape in evaluation mode, or on a constant, it returns x. The choice comes from the
// tape's random source. Source: Srivastava et al. 2014, with the scaling moved into training.
func Dropout(x *Var, p float32) *Var {
	if !(p >= 0 && p < 1) {
		panic(fmt.Sprintf("autograd: Dropout: probability %v is outside [0,1)", p))
	}
	if !x.Training() || p == 0 {
		return x
	}
	mask := x.tape.record("dropout mask")
	data := mask.buffer(x.Shape()...).Data()
	kept := 1 / (1 - p)
	threshold := uint32(float64(p) * (1 << 32))
	for i := 0; i < len(data); i += 2 { // one random number decides two elements
		r := x.tape.rand.Uint64()
		data[i] = keepIf(uint32(r) >= threshold, kept)
		if i+1 < len(data) {
			data[i+1] = keepIf(uint32(r>>32) >= threshold, kept)
		}
	}
	return Mul(x, mask)
}

func keepIf(keep bool, v float32) float32 {
	if keep {
		return v
	}
	return 0
}
