// Package descend takes rows down decision trees.
//
// A missing value goes where one that is less does, for both are what a comparison with NaN finds. Where missing values are
// to go with the larger ones, -v is compared with -cut: whoever makes the nodes has both v and -v in a row.
//
// # Ways
//
// A step has no branch that depends on a value: comparing sets the carry, which the number of a child depends on. With
// branches, a processor would guess wrong at every second node. Trees up to some depth are made complete and laid out level
// by level, all trees side by side: from number p of a level the ways lead to 2p and 2p + 1 of the next, which takes one
// addition. Deeper ones are lists of nodes, in which children lie in pairs and a leaf leads to itself.
//
// The loops for AVX2, used at AVX-512 too, take eight rows down one tree or one row down eight trees at a time, since each
// step waits for the one before it. AVX2 takes eight rows down the first three levels of a tree at once, by seven
// comparisons, and AVX-512 one row of up to 64 columns down the first four levels of 16 trees, by fifteen: the row is in
// registers, where a permutation finds what each tree compares. What is left over and all other levels take plain Go.
package descend

//go:generate go -C ../_asm run ./descend -out ../descend/asm_amd64.s -stubs ../descend/asm_amd64.go -pkg descend
//go:generate go -C ../_asm run ./neon/descend -out ../descend/asm_arm64.s -declarations ../descend/asm_arm64.go
