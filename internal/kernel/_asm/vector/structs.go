package vector

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"log"
)

// Structs type-checks a file that declares the structs of arguments, so that the offsets of fields have one source.
func Structs(file string) *types.Package {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, 0)
	if err != nil {
		log.Fatal(err)
	}
	pkg, err := new(types.Config).Check(f.Name.Name, fset, []*ast.File{f}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return pkg
}
