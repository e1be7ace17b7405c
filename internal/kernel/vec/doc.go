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
//
// # Ways
//
// kernels.go has a table of loops for each level: those in assembly, and else the references. What calls them:
//
//	elementwise.go     vectors, in chunks of some 32 Ki elements, fewer where an element is an exponential.
//	rows.go            a matrix and vectors with a number for each column. Narrow rows are repeated until they cover some
//	                   512 elements, so that the matrix is one long vector; those that a kernel can hold in registers cover
//	                   that many.
//	pieces.go          sums over the rows of a matrix, in pieces of 64 Ki elements with float64 sums of their own, which are
//	                   added in order; narrow rows several at a time. A sum that leaves float32 within the few rows that are
//	                   added up in it is computed again by the references, in float64.
//	softmax.go         row by row; the derivatives are plain Go, in float64.
//	norm.go, optim.go  batch norm and optimisers, of the above.
//
// Elementwise loops and those of rows exist twice: results of 16 MB and more are written past the caches, unless they
// overwrite an input ([kernelsFor]).
package vec

// Float is what the references compute in.
type Float interface{ float32 | float64 }
