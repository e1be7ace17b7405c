// Command vec writes the assembly of package vec.
package main

import (
	"flag"
	"os"

	"github.com/mmcloughlin/avo/build"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
)

func main() {
	flags := flag.NewFlagSet("vec", flag.ExitOnError)
	config := build.NewFlags(flags)
	_ = flags.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	for _, m := range simd.Machines(c) {
		elementwise(m)
		rows(m)
		optimisers(m)
		rowSums(m)
		flatSums(m)
		softmax(m)
	}
	os.Exit(build.Main(config.Config(), c))
}
