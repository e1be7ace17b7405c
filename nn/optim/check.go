package optim

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/demand"
)

// want panics with the name of a number that is not good.
func want(good bool, op, name string, v float64, what string) {
	if !good {
		panic(fmt.Sprintf("optim: %s: %s %v: want %s", op, name, v, what))
	}
}

func notNegative(field string, v float64) demand.Demand {
	return demand.That(v >= 0 && finite(v), field, v, "want at least 0, and finite in float32")
}

// finite reports whether v is a number in float32, in which steps are taken.
func finite(v float64) bool { return math.Abs(v) <= math.MaxFloat32 }
