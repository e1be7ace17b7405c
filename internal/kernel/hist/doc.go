// Package hist sums what rows have by the bin of each of their columns: the histograms of which trees are grown.
//
// A histogram is a slice of int64. Each column has 256 cells of one or two numbers in it, and a row adds its numbers to one
// cell of every column. Bins come in words of up to eight columns, a group, so that one load brings what a row adds to
// eight cells; columns are shared out evenly among groups ([Layout]).
//
// Sums are of integers ([Scale] says in which unit), so they are exact: results do not depend on the order of rows, the
// number of workers or the way a histogram came about. That of the larger child of a node is the difference of its parent's
// and its sibling's, to the bit, and a bin without rows holds zeros.
//
// # Ways
//
// [Layout.Build] has inner loops for AVX2, used at AVX-512 too, and for NEON, for each number of columns of a group: one
// that adds a number to memory and one that keeps a pair in a vector. Those of amd64 fetch rows to come, which lie in no
// order that the processor would guess. The work is cut by groups, and where these are few by rows, too; parts are added up
// afterwards. [Layout.BestCut] takes four bins at a time at AVX2, where integers are small enough for float64 to hold them,
// so that the sums of bins are exact in it and all ways have the same bits. [Divide] has a loop for AVX2 and NEON.
// Elsewhere there is plain Go.
package hist

//go:generate go -C ../_asm run ./hist -out ../hist/asm_amd64.s -stubs ../hist/asm_amd64.go -pkg hist
//go:generate go -C ../_asm run ./neon/hist -out ../hist/asm_arm64.s -declarations ../hist/asm_arm64.go
