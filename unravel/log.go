package unravel

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Log is the natural logarithm of a quantity that is not negative. Counts of paths and the gradients
// they carry leave the range of float64 in deep nets; their logarithms do not. In JSON, the
// logarithm of zero is null.
type Log float64

// LogZero is the logarithm of zero.
var LogZero = Log(math.Inf(-1))

// Value returns the quantity itself, which may be 0 or +Inf if float64 cannot hold it.
func (l Log) Value() float64 { return math.Exp(float64(l)) }

// MarshalJSON writes the logarithm as a number, or null for the logarithm of zero.
func (l Log) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(l), -1) {
		return []byte("null"), nil
	}
	if math.IsInf(float64(l), 0) || math.IsNaN(float64(l)) {
		return nil, fmt.Errorf("unravel: logarithm %v has no JSON form", float64(l))
	}
	return []byte(strconv.FormatFloat(float64(l), 'g', -1, 64)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Log) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*l = LogZero
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("unravel: logarithm: %w", err)
	}
	*l = Log(f)
	return nil
}

// logSum returns the logarithm of the sum.
func logSum(ls ...Log) Log {
	if len(ls) == 0 {
		return LogZero
	}
	top := slices.Max(ls)
	if math.IsInf(float64(top), -1) {
		return LogZero
	}
	var sum float64
	for _, l := range ls {
		sum += math.Exp(float64(l - top))
	}
	return top + Log(math.Log(sum))
}

// logMean returns the logarithm of the mean.
func logMean(ls ...Log) Log { return logSum(ls...) - Log(math.Log(float64(len(ls)))) }
