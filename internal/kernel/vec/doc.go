// Package vec holds the loops over float32 vectors and over the rows of matrices: elementwise
// arithmetic and functions, reductions, batch normalisation, softmax and optimiser steps.
//
// Every function takes its destination first. Elementwise functions allow the destination to be one
// of the inputs; partly overlapping slices give undefined results. Lengths that do not fit panic.
//
// Each function has a reference, the same name with the suffix Ref, that is plain Go, generic over
// float32 and float64, and compiled everywhere: tests compare every instruction-set level with it,
// and its text is the definition of what the function computes, NaN, infinities, denormals and
// signed zeros included.
//
// Loops are split over [parallel.For] in chunks that depend on the size alone, and reductions
// combine the chunks in order, so results have the same bits for any number of workers.
package vec

// Float is what the references compute in.
type Float interface{ float32 | float64 }
