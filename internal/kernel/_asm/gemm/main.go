// Command gemm writes the assembly of package tile: the inner loops of GEMM and convolution.
//
// One generator serves AVX2 and AVX-512. Each kernel holds a tile of Rows x Cols sums in registers;
// per step of the reduction it loads one row of B, one or two vectors wide, and broadcasts one
// element of A for each row of the tile. Two vectors halve the broadcasts per multiplication, which
// keeps the loads below the two per cycle that the machine has: a 12 x 32 tile does 24 fused
// multiply-adds with 14 loads.
package main

import (
	"flag"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"log"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	flags := flag.NewFlagSet("gemm", flag.ExitOnError)
	config := build.NewFlags(flags)
	flags.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	pkg := tilePackage("../gemm/tile/args.go")
	for _, v := range []isa{avx2(c), avx512(c)} {
		v.rows(pkg, "rows"+v.name, 2, false)
		v.rows(pkg, "rowsNarrow"+v.name, 1, false)
		v.rows(pkg, "rowsPair"+v.name, 2, true)
		v.outer(pkg, "outer"+v.name, 2)
		v.outer(pkg, "outerNarrow"+v.name, 1)
		v.strips(pkg)
		v.dots(pkg, "dots"+v.name)
		v.combine(pkg, "combine"+v.name)
		v.copyRows("copyRows" + v.name)
		v.transpose("transpose" + v.name)
		v.peak("peak" + v.name)
	}
	os.Exit(build.Main(config.Config(), c))
}

const nosplit = attr.NOSPLIT

// tilePackage type-checks the file that declares the argument structs, so that field offsets have
// one source.
func tilePackage(file string) *types.Package {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	pkg, err := (&types.Config{Importer: importer.Default()}).Check("tile", fset, []*ast.File{f}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return pkg
}

// begin starts a function func name(t *arg) and returns the address of a field of *t, given a
// register that holds t.
func (v isa) begin(pkg *types.Package, name, arg, doc string) func(r reg.Register, f string) Mem {
	v.Function(name)
	v.Attributes(nosplit)
	sig, err := gotypes.ParseSignatureInPackage(pkg, "func(t *"+arg+")")
	if err != nil {
		log.Fatal(err)
	}
	v.Signature(sig)
	v.Doc(doc)
	v.Pragma("noescape")
	return func(r reg.Register, f string) Mem {
		c := v.Param("t").Dereference(r).Field(f)
		if _, err := c.Resolve(); err != nil {
			c = c.Base()
		}
		b, err := c.Resolve()
		if err != nil {
			log.Fatal(err)
		}
		return b.Addr
	}
}

// rowRegs are the registers that point at the rows of A; the others have fixed jobs.
var rowRegs = []reg.GPPhysical{
	reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI, reg.RDI, reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13,
}
