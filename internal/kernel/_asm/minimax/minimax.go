// Package minimax has the polynomials from which the vector functions are made.
//
// They are minimax fits (iteratively reweighted least squares on Chebyshev nodes, each coefficient rounded
// to float32 before the later ones are fitted again). Behind each is the largest relative error that
// it leaves in the function, 2^-24 being half a float32 step.
package minimax

import "math"

var (
	// e^r = 1 + r + r^2*P(r) for |r| <= ln(2)/2: 2^-28.1
	Exp = []float64{0.4999999403953552, 0.16666516661643982, 0.04166828468441963, 0.00836925022304058, 0.0013820468448102474}

	// ln(1+f) = f - f^2/2 + f^3*P(f) for -1/4 <= f <= 1/2: 2^-30.0
	Log = []float64{0.33333340287208557, -0.2500016391277313, 0.19999581575393677, -0.16655318439006805, 0.1427670270204544,
		-0.1272820681333542, 0.11697754263877869, -0.09109105169773102, 0.03762657195329666}
)

// ln 2 in two parts. For exponentials, n*Ln2 cancels exactly in the fused step; Ln2Rest is what it lacks.
// For logarithms the first is so rounded that the second is positive.
const (
	Ln2     = 0.693147182464599609375
	Ln2Rest = math.Ln2 - Ln2

	Ln2High = 0.693138122558593750
	Ln2Low  = math.Ln2 - Ln2High
)
