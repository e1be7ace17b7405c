package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/tensor"
)

// KaimingNormal draws w from N(0, 2/fan), which keeps the variance of activations through a ReLU
// (fan = fan-in) or that of gradients (fan = fan-out; what the published ResNets use). He et al.
// 2015, "Delving Deep into Rectifiers", equations 10 and 14.
func KaimingNormal(w *tensor.Tensor, fan int, rng *rand.Rand) {
	const op = "KaimingNormal"
	checkRand(op, rng)
	if fan < 1 {
		panic(fmt.Sprintf("nn: %s: fan %d: want at least 1", op, fan))
	}
	std := math.Sqrt(2 / float64(fan))
	for i := range w.Data() {
		w.Data()[i] = float32(std * rng.NormFloat64())
	}
}

// XavierUniform draws w uniformly from +-sqrt(6/(fanIn+fanOut)), for layers followed by tanh or a
// sigmoid. Glorot and Bengio 2010, equation 16.
func XavierUniform(w *tensor.Tensor, fanIn, fanOut int, rng *rand.Rand) {
	if fanIn < 0 || fanOut < 0 || fanIn+fanOut < 1 {
		panic(fmt.Sprintf("nn: XavierUniform: fans %d and %d: want a sum of at least 1", fanIn, fanOut))
	}
	Uniform(w, math.Sqrt(6/float64(fanIn+fanOut)), rng)
}

// Uniform draws w uniformly from +-bound.
func Uniform(w *tensor.Tensor, bound float64, rng *rand.Rand) {
	checkRand("Uniform", rng)
	if !(bound >= 0 && bound <= math.MaxFloat32) {
		panic(fmt.Sprintf("nn: Uniform: bound %v: want at least 0, and finite in float32", bound))
	}
	for i := range w.Data() {
		w.Data()[i] = float32(bound * (2*rng.Float64() - 1))
	}
}
