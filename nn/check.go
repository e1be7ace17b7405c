package nn

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
)

// check panics if x is not made of images that c can read, and says what to do with those that are often
// given instead.
func (c *Conv2D) check(x *autograd.Var) {
	shape := x.Shape()
	want := c.Weight.Value.Dim(2) * max(c.Spec.Groups, 1)
	if len(shape) == 4 && shape[3] == want {
		return
	}
	fail := func(format string, args ...any) {
		w := c.Weight.Value.Shape()
		panic(fmt.Sprintf("nn: Conv2D %dx%d, %d to %d: %v: want images [N H W %d]", w[0], w[1], want, w[3], shape, want) + fmt.Sprintf(format, args...))
	}
	switch {
	case len(shape) == 3 && shape[2] == want:
		fail("; a single one is a batch of one, Reshape(1, %d, %d, %d)", shape[0], shape[1], shape[2])
	case len(shape) != 4:
		fail("")
	case shape[1] == want:
		fail("; these look like [N C H W], which Transpose(nil, x, 0, 2, 3, 1) of package tensor turns into [N H W C]")
	case shape[3] == 1 && want == 3:
		fail("; these are grey: repeat them, Concat(nil, 3, x, x, x) of package tensor, or build the net for 1 channel")
	case shape[3] == 3 && want == 1:
		fail("; these are in colour: make them grey, MeanKeep(nil, x, 3) of package tensor, or build the net for 3 channels")
	}
	fail("; these have %d channels", shape[3])
}

// check panics if the fields of b make no sense. It comes before anything is computed, so that nothing has changed.
func (b *BatchNorm2D) check() {
	if !(b.Eps > 0 && b.Eps <= math.MaxFloat32) {
		b.fail("Eps %v: want more than 0, and finite", b.Eps)
	}
	if !(b.Momentum >= 0 && b.Momentum <= 1) {
		b.fail("Momentum %v: want 0 <= Momentum <= 1", b.Momentum)
	}
}

func (b *BatchNorm2D) fail(format string, args ...any) {
	panic(fmt.Sprintf("nn: BatchNorm2D of %d channels: ", b.Weight.Value.Len()) + fmt.Sprintf(format, args...))
}

// checkRand panics if there is no source of random numbers.
func checkRand(op string, rng *rand.Rand) {
	if rng == nil {
		panic("nn: " + op + ": no random numbers: pass rand.New(rand.NewPCG(seed, 0)) of math/rand/v2")
	}
}

// checkSizes panics if a layer would have no weights, or fewer.
func checkSizes(op string, in, out int) {
	if in < 1 || out < 1 {
		panic(fmt.Sprintf("nn: %s: %d inputs, %d outputs: want at least 1 of both", op, in, out))
	}
}
