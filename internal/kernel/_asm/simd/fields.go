package simd

import (
	"go/types"
	"log"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// TakeStruct gives the function at hand the signature func(t *arg) of a struct of pkg, see [vector.Structs], and returns
// the address of a field of *t, of a slice that of its first word, given a register that holds t.
func TakeStruct(c *build.Context, pkg *types.Package, arg string) func(t reg.Register, field string) Mem {
	sig, err := gotypes.ParseSignatureInPackage(pkg, "func(t *"+arg+")")
	if err != nil {
		log.Fatal(err)
	}
	c.Signature(sig)
	c.Pragma("noescape")
	return func(t reg.Register, field string) Mem {
		f := c.Param("t").Dereference(t).Field(field)
		if _, err := f.Resolve(); err != nil {
			f = f.Base()
		}
		b, err := f.Resolve()
		if err != nil {
			log.Fatal(err)
		}
		return b.Addr
	}
}
