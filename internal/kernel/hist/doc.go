// Package hist sums what rows have by the bin of each of their columns: the histograms of which trees are grown.
//
// Columns come eight at a time. A [Group] holds the cells of eight columns, 32 KB, and a row is a word whose byte k is
// the bin of column k, so that one load brings what a row adds to eight cells.
//
// Sums are integers ([Scale] says of what), so they are exact: results do not depend on the order of rows, the number of
// workers or the way a histogram came about. That of the larger child of a node is the difference of its parent's and its
// sibling's, to the bit, and a bin without rows holds zeros.
//
// # Ways
//
// [Add] has an inner loop for AVX2, used at AVX-512 too, which keeps a row's pair of sums in a vector and fetches rows to
// come, which lie in no order that the processor would guess; elsewhere it is [Ref], plain Go without bounds to check.
// [Build] cuts the work by groups, and where these are few by rows, too; parts are added up afterwards.
package hist

//go:generate go -C ../_asm run ./hist -out ../hist/asm_amd64.s -stubs ../hist/asm_amd64.go -pkg hist
