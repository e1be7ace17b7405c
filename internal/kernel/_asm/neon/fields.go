package neon

import (
	"go/types"
	"log"
	"strings"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Fields is the offsets of the fields of structs, "Rows.Taps" for example.
type Fields map[string]int64

// FieldsOf returns those of the structs that a file declares.
func FieldsOf(file string) Fields {
	scope, offsets := vector.Structs(file).Scope(), Fields{}
	for _, name := range scope.Names() {
		s, ok := scope.Lookup(name).Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		var vars []*types.Var
		for i := range s.NumFields() {
			vars = append(vars, s.Field(i))
		}
		for i, o := range types.SizesFor("gc", "arm64").Offsetsof(vars) {
			offsets[name+"."+vars[i].Name()] = o
		}
	}
	return offsets
}

// Offset returns the offset of a field that there is.
func (f Fields) Offset(name string) int {
	offset, ok := f[name]
	if !ok {
		log.Fatalf("no field %s", name)
	}
	return int(offset)
}

// Field reads a field of the struct that t points to; of a slice, its first word, the address.
func (a *Asm) Field(f Fields, t GP, name string, to GP) {
	a.Op("MOVD %d(%v), %v // %s", f.Offset(name), t, to, name[strings.Index(name, ".")+1:])
}
