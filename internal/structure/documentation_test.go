package structure

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryPackageHasOneDocComment(t *testing.T) {
	for dir, files := range packages(t) {
		var with []string
		for _, f := range files {
			if f.syntax.Doc != nil {
				with = append(with, f.name)
			}
		}
		require.Len(t, with, 1, "%s: files with a package comment", dir)
	}
}

func TestEveryExportedSymbolHasADocComment(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test() || f.syntax.Name.Name == "main" || ast.IsGenerated(f.syntax) {
			continue
		}
		for _, d := range f.syntax.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s: %s has no doc comment", f.name, name)
			}
		}
	}
}

// implied are methods of standard interfaces, which need no comment.
const implied = " Error Unwrap String "

// undocumented returns the exported symbols of a declaration that pkg.go.dev would show bare.
func undocumented(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if !d.Name.IsExported() || d.Doc != nil {
			return nil
		}
		if d.Recv != nil && (!receiver(d).IsExported() || strings.Contains(implied, " "+d.Name.Name+" ")) {
			return nil
		}
		return []string{d.Name.Name}
	case *ast.GenDecl:
		if d.Tok == token.IMPORT || d.Doc != nil {
			return nil
		}
		for _, s := range d.Specs {
			names = append(names, bare(s)...)
		}
	}
	return names
}

func bare(s ast.Spec) (names []string) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil {
			names = append(names, s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() && s.Doc == nil && s.Comment == nil {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

func receiver(d *ast.FuncDecl) *ast.Ident {
	e := d.Recv.List[0].Type
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			return x
		default:
			return ast.NewIdent("")
		}
	}
}

// public are the packages that programs import.
func public(dir string) bool {
	for _, programs := range []string{"internal", "examples/", "bench/"} {
		if strings.HasPrefix(dir, programs) {
			return false
		}
	}
	return dir != "data/fashion/gen" && !strings.Contains(dir, "/internal/")
}

func TestEveryPublicPackageHasAnExample(t *testing.T) {
	examples := map[string]int{}
	for _, f := range goFiles(t) {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test() && strings.HasPrefix(fn.Name.Name, "Example") {
				examples[f.dir]++
			}
		}
	}
	for dir := range packages(t) {
		if public(dir) {
			require.Positive(t, examples[dir], "%s has no Example test", dir)
		}
	}
}
