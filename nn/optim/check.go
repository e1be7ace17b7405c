package optim

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/demand"
)

// checkRate panics if a learning rate makes no sense.
func checkRate(op string, rate float64) {
	want(rate >= 0 && finite(rate), op, "learning rate", rate, "at least 0, and finite in float32")
}

// want panics with the name of a number that is not good.
func want(good bool, op, name string, v float64, what string) {
	if !good {
		panic(fmt.Sprintf("optim: %s: %s %v: want %s", op, name, v, what))
	}
}

func decayCheck(decay float64) demand.Demand {
	return demand.That(decay >= 0 && finite(decay), "WeightDecay", decay, "want at least 0, and finite in float32")
}

// finite reports whether v is a number in float32, in which steps are taken.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }
