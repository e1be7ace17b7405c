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

// Write writes the assembly and the declarations of package pkg.
func Write(c *build.Context, pkg, assembly, stubs string, by ...string) {
	config := printer.Config{Argv: by, Pkg: pkg}
	passes := []pass.Interface{pass.Compile}
	for path, p := range map[string]printer.Printer{assembly: printer.NewGoAsm(config), stubs: printer.NewStubs(config)} {
		f, err := os.Create(path)
		if err != nil {
			log.Fatal(err)
		}
		passes = append(passes, &pass.Output{Writer: f, Printer: p})
	}
	if build.Main(&build.Config{ErrOut: os.Stderr, Passes: passes}, c) != 0 {
		os.Exit(1)
	}
}
