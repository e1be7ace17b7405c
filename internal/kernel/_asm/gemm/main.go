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
	"go/types"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	flags := flag.NewFlagSet("gemm", flag.ExitOnError)
	config := build.NewFlags(flags)
	flags.Parse(os.Args[1:])
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	pkg := vector.Structs("../gemm/tile/args.go")
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

// begin starts a function func name(t *arg) and returns the address of a field of *t, given a
// register that holds t.
func (v isa) begin(pkg *types.Package, name, arg, doc string) func(r reg.Register, f string) Mem {
	v.Function(name)
	v.Attributes(nosplit)
	v.Doc(doc)
	return simd.TakeStruct(v.Context, pkg, arg)
}

// rowRegs are the registers that point at the rows of A; the others have fixed jobs.
var rowRegs = []reg.GPPhysical{
	reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI, reg.RDI, reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13,
}
