// Command vec writes the arm64 assembly of package vec. Its functions are those that the command of the same
// name writes for amd64; what they compute is said there and in the package.
package main

import (
	"flag"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

type vec = neon.Vec

func main() {
	out := flag.String("out", "", "assembly")
	stubs := flag.String("stubs", "", "declarations")
	flag.Parse()
	a := neon.New("vec")
	elementwise(a)
	rows(a)
	optimisers(a)
	rowSums(a)
	flatSums(a)
	softmax(a)
	a.Write(*out, *stubs, "go run ./neon/vec")
}
