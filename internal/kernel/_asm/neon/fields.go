package neon

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"log"
)

// Fields returns the offsets of the fields of the structs that a file declares, "Rows.Taps" for example.
func Fields(file string) map[string]int64 {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	pkg, err := (&types.Config{}).Check("", fset, []*ast.File{f}, nil)
	if err != nil {
		log.Fatal(err)
	}
	offsets := map[string]int64{}
	for _, name := range pkg.Scope().Names() {
		s, ok := pkg.Scope().Lookup(name).Type().Underlying().(*types.Struct)
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
