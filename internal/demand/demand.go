// Package demand helps constructors to say what is wrong with a configuration:
//
//	err := demand.All("optim.SGDConfig",
//		demand.That(c.Momentum >= 0 && c.Momentum < 1, "Momentum", c.Momentum, "want 0 <= Momentum < 1"),
//		...)
package demand

import "github.com/residuum-go/residuum"

// Demand is what a field of a configuration has to be.
type Demand struct {
	met   bool
	fault residuum.ConfigError
}

// That returns a demand on a field with the given value. The reason says what would do.
func That(met bool, field string, value any, reason string) Demand {
	return Demand{met, residuum.ConfigError{Field: field, Value: value, Reason: reason}}
}

// All returns the first demand on a struct that is not met, as a [*residuum.ConfigError], or nil.
func All(of string, demands ...Demand) error {
	for _, d := range demands {
		if !d.met {
			d.fault.Struct = of
			return &d.fault
		}
	}
	return nil
}
