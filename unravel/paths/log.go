package paths

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/floats"
)

// Log is the natural logarithm of a quantity that is not negative. Counts of paths and the gradients
// they carry leave the range of float64 in deep nets; their logarithms do not. In JSON, the
// logarithm of zero is null.
type Log float64

// LogZero is the logarithm of zero.
var LogZero = Log(math.Inf(-1))

// Value returns the quantity itself, which may be 0 or +Inf if float64 cannot hold it.
func (l Log) Value() float64 { return math.Exp(float64(l)) }

// String returns the quantity itself in three digits, however large or small it is: "0.0123", "4.56e-789".
func (l Log) String() string {
	if v := l.Value(); v >= 1e-4 && v < 1e6 || l == LogZero || math.IsInf(float64(l), 1) || math.IsNaN(v) {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	exponent := math.Floor(float64(l) / math.Ln10)
	digits := fmt.Sprintf("%.2f", math.Exp(float64(l)-exponent*math.Ln10))
	if digits == "10.00" { // rounded up
		digits, exponent = "1.00", exponent+1
	}
	return fmt.Sprintf("%se%+03.0f", digits, exponent)
}

// MarshalJSON writes the logarithm as a number, or null for the logarithm of zero.
func (l Log) MarshalJSON() ([]byte, error) {
	if l == LogZero {
		return []byte("null"), nil
	}
	if math.IsInf(float64(l), 0) || math.IsNaN(float64(l)) {
		return nil, fmt.Errorf("paths: logarithm %v has no JSON form", float64(l))
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
		return fmt.Errorf("paths: logarithm: %w", err)
	}
	*l = Log(f)
	return nil
}

// LogSum returns the logarithm of the sum, LogZero if there are no terms.
func LogSum(ls ...Log) Log {
	terms := make([]float64, len(ls))
	for i, l := range ls {
		terms[i] = float64(l)
	}
	switch {
	case len(terms) == 0:
		return LogZero
	case slices.ContainsFunc(terms, math.IsNaN):
		return Log(math.NaN()) // LogSumExp passes over it beside the logarithm of zero
	}
	return Log(floats.LogSumExp(terms))
}

// LogMean returns the logarithm of the mean.
func LogMean(ls ...Log) Log { return LogSum(ls...) - Log(math.Log(float64(len(ls)))) }

// Shares returns each quantity as a part of their sum: zeros if that is zero.
func Shares(ls []Log) []float64 {
	shares := make([]float64, len(ls))
	total := LogSum(ls...)
	for i, l := range ls {
		if total != LogZero {
			shares[i] = (l - total).Value()
		}
	}
	return shares
}
