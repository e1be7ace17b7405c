// Package tile holds the inner loops of matrix products and convolutions: tiles of a few rows and
// columns whose sums stay in registers. Packages gemm and conv split their work into tiles.
//
// A tile of [Rows] reads its left operand row by row through a table of offsets; one of [Outer]
// reads it column by column. Both have the same number of columns at one instruction-set level.
package tile
