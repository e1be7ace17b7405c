package tensor

import "math/rand/v2"

// DropoutMask sets every element of dst to 0 with probability p, in [0,1), and else to 1.
func DropoutMask(dst *Tensor, p float32, rng *rand.Rand) {
	checkProbability("DropoutMask", p, dst.shape)
	threshold := uint32(float64(p) * (1 << 32))
	data := dst.data
	for i := 0; i < len(data); i += 2 { // one random number decides two elements
		r := rng.Uint64()
		data[i] = oneIf(uint32(r) >= threshold)
		if i+1 < len(data) {
			data[i+1] = oneIf(uint32(r>>32) >= threshold)
		}
	}
}

func oneIf(keep bool) float32 {
	if keep {
		return 1
	}
	return 0
}

// Dropout computes x / (1-p) where mask, as [DropoutMask] with the same p made it, is 1, and 0 where it is 0,
// whatever x is there: it chooses, since 0 times infinity is not 0. Source: Srivastava et al. 2014, with the scaling
// moved into training.
func Dropout(dst, x, mask *Tensor, p float32) *Tensor {
	const op = "Dropout"
	checkProbability(op, p, x.shape)
	mustBe(op, "mask", mask, x.shape...)
	dst = ReLUGrad(dst, mask, x)
	return Scale(dst, dst, 1/(1-p))
}

func checkProbability(op string, p float32, shape []int) {
	if !(p >= 0 && p < 1) {
		fail(op, "probability "+number(p)+" is outside [0,1)", shape)
	}
}
