// Package descend takes rows down decision trees.
//
// A node has a column and a cut, and a first child, behind which the second lies. A missing value goes where one that is
// less does, for both are what a comparison with NaN finds. Where missing values are to go with the larger ones, -v is
// compared with -cut: whoever lays out the nodes has both v and -v in a row.
//
// # Ways
//
// A step has no branch that depends on a value: comparing sets the carry, which is subtracted from the number of a child,
// and a leaf leads to itself. With branches, a processor would guess wrong at every second node. The loops for AVX2, used
// at AVX-512 too, take eight rows down one tree ([Rows]) or one row down eight trees ([Trees]) at a time, since each step
// waits for the one before it. What is left over and all other levels take plain Go.
package descend

//go:generate go -C ../_asm run ./descend -out ../descend/asm_amd64.s -stubs ../descend/asm_amd64.go -pkg descend
