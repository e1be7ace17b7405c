package simd

import (
	"log"
	"os"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// New starts the files of a package.
func New() *build.Context {
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	return c
}

// Write writes the assembly.
func Write(c *build.Context, path string, by ...string) {
	f, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	text := &pass.Output{Writer: f, Printer: printer.NewGoAsm(printer.Config{Argv: by})}
	if build.Main(&build.Config{ErrOut: os.Stderr, Passes: []pass.Interface{pass.Compile, text}}, c) != 0 {
		os.Exit(1)
	}
}
