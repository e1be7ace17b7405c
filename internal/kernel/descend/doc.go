// Package descend takes rows down decision trees that are laid out as [Step]s.
//
// A missing value goes where one that is less does, for both are what a comparison with NaN finds. Where missing values
// are to go with the larger ones, -v is compared with -cut: whoever lays out the steps has both v and -v in a row.
//
// # Ways
//
// A step is 16 bytes and has no branch that depends on a value: comparing sets the carry, which is subtracted from the
// number of a child, and a leaf leads to itself. With branches, a processor would guess wrong at every second node. The
// loop for AVX2, used at AVX-512 too, takes four rows at a time, or one row down four trees, since each step waits for the
// one before it. What is left over and all other levels take [Ref], plain Go.
package descend

//go:generate go -C ../_asm run ./descend -out ../descend/asm_amd64.s -stubs ../descend/asm_amd64.go -pkg descend
