// Package asm is the generators of the kernels' assembly: a module of its own, so that avo is no dependency of users.
// It has no code itself. "go generate ./internal/kernel/..." runs them, from the folders that they write to; check
// compares what they write with what is committed.
//
//	vec, pool    the loops of those packages, each written once against the interface of package vector. Back-ends
//	             print it: simd by avo for AVX2 and AVX-512, which differ in width, masks and a few instructions; neon
//	             for arm64, which has no masks, so that the last elements go one at a time through the first lane.
//	             backends has both write a package.
//	gemm         the tiles of package tile for AVX2 and AVX-512, by avo. They have registers of their own choosing: sums
//	             that stay in them are what a tile is, and no interface would fit both architectures.
//	neon/gemm    the same for arm64.
//	winograd     the arithmetic of Winograd's transforms, written once. What moves pixels and sums in and out is
//	             conv for AVX2 and AVX-512, and neon/conv for arm64, which lacks the gradient of weights.
//	neon         also an assembler: avo does not know arm64, and Go's lacks most vector instructions, which are
//	             written as words with the instruction behind them.
//	minimax      the polynomials that exp, log and their like are made of.
//
// How a new kernel is written: a loop over vectors or rows is described in vec or pool, and a new instruction that it
// needs becomes a method of vector.Machine with both back-ends; what keeps a tile of sums in registers is written for
// each architecture.
package asm
