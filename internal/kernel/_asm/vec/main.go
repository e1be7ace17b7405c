// Command vec writes the kernels of package vec, and what follows from those of one and of two vectors: the functions
// that share their work out, those of package tensor, and the rows of the tests of both.
package main

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/backends"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	backends.Write("vec", func(m vector.Machine) {
		elementwise(m)
		rows(m)
		optimisers(m)
		rowSums(m)
		flatSums(m)
		softmax(m)
	})
	writeFunctions()
}
