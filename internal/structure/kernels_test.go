package structure

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Kernels know numbers, slices of numbers and structs of them, no tensors: what an exported function
// takes and returns is made of these alone. Beside them it may name the instruction-set level.
func TestKernelsTakeSlicesAndNumbers(t *testing.T) {
	for dir, files := range packages(t) {
		kernel := strings.HasPrefix(dir, "internal/kernel/")
		if !kernel || strings.HasSuffix(dir, "/kerneltest") || strings.HasSuffix(dir, "/peak") {
			continue
		}
		p := plain{types: map[string]ast.Expr{}}
		for _, f := range files {
			p.declare(f.syntax)
		}
		for _, f := range files {
			for _, d := range f.syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !fn.Name.IsExported() || ofUnexported(fn) {
					continue
				}
				for _, e := range signature(fn) {
					if !p.is(e, fn.Type.TypeParams) {
						t.Errorf("%s: %s: %s is neither a number nor a slice or struct of numbers", f.name, fn.Name.Name, types.ExprString(e))
					}
				}
			}
		}
	}
}

// ofUnexported reports whether fn is a method of a type that only its package can name, such as a job.
func ofUnexported(fn *ast.FuncDecl) bool {
	if fn.Recv == nil {
		return false
	}
	receiver := types.ExprString(fn.Recv.List[0].Type)
	return !token.IsExported(strings.TrimPrefix(receiver, "*"))
}

// signature returns the types of parameters, results and receiver.
func signature(fn *ast.FuncDecl) (all []ast.Expr) {
	for _, l := range []*ast.FieldList{fn.Recv, fn.Type.Params, fn.Type.Results} {
		if l != nil {
			for _, f := range l.List {
				all = append(all, f.Type)
			}
		}
	}
	return all
}

// plain knows the types of one package.
type plain struct{ types map[string]ast.Expr }

func (p *plain) declare(f *ast.File) {
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, s := range g.Specs {
			p.types[s.(*ast.TypeSpec).Name.Name] = s.(*ast.TypeSpec).Type
		}
	}
}

// is reports whether e is made of numbers.
func (p *plain) is(e ast.Expr, params *ast.FieldList) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return p.named(e.Name, params)
	case *ast.ArrayType:
		return p.is(e.Elt, params)
	case *ast.StarExpr:
		id, ok := e.X.(*ast.Ident)
		return ok && p.named(id.Name, params)
	case *ast.SelectorExpr:
		name := types.ExprString(e)
		return name == "cpu.Level" || name == "conv.Shape"
	case *ast.StructType:
		for _, f := range e.Fields.List {
			if !p.is(f.Type, params) {
				return false
			}
		}
		return true
	}
	return false
}

func (p *plain) named(name string, params *ast.FieldList) bool {
	switch name {
	case "bool", "int", "int8", "int32", "int64", "uint8", "uint32", "uint64", "float32", "float64":
		return true
	}
	if params != nil {
		for _, f := range params.List {
			for _, n := range f.Names {
				if n.Name == name {
					return true
				}
			}
		}
	}
	e, ok := p.types[name]
	return ok && p.is(e, params)
}

// A folder of kernels begins with a page, which names its ways to compute.
func TestKernelFoldersBeginWithAPage(t *testing.T) {
	for dir, files := range packages(t) {
		if !strings.HasPrefix(dir, "internal/kernel/") || strings.HasSuffix(dir, "/kerneltest") || strings.HasSuffix(dir, "/peak") {
			continue
		}
		i := slices.IndexFunc(files, func(f *file) bool { return f.name == dir+"/doc.go" })
		if i < 0 || !strings.Contains(files[i].syntax.Doc.Text(), "\n# ") {
			t.Errorf("%s: doc.go should say, under headings, which ways there are and when each is chosen", dir)
		}
	}
}

// Words that mean one thing in the whole tree, see docs/design.md, do not name another one in kernels and tensors.
func TestKernelsLeaveWordsToTheirMeaning(t *testing.T) {
	taken := regexp.MustCompile(`^(block|walk|progress)|Block|Walk|Progress`)
	for dir, files := range packages(t) {
		if dir != "tensor" && !strings.HasPrefix(dir, "internal/kernel/") {
			continue
		}
		for _, f := range files {
			ast.Inspect(f.syntax, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && taken.MatchString(id.Name) {
					t.Errorf("%s: %s: a block is a residual block, a walk visits a tree, progress is told by a callback", f.name, id.Name)
				}
				return true
			})
		}
	}
}
