// Package tile holds the inner loops of matrix products and convolutions: tiles of a few rows and
// columns whose sums stay in registers. Packages gemm and conv split their work into tiles.
//
// For convolutions, a tile of [Rows] reads its left operand row by row through a table of offsets; one
// of [Outer] reads it column by column. For matrix products, a [Strip] is a column of tiles, [Dots] are
// dot products of a few rows, and [Combine] adds up a few rows. All tiles have the same number of columns at
// one instruction-set level.
package tile
