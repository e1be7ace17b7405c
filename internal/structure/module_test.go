package structure

import (
	"bufio"
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	root   = "../.."
	module = "github.com/residuum-go/residuum/"
)

// file is a Go file of the module, for whatever platform it is.
type file struct {
	name    string // from the root, with slashes
	dir     string
	syntax  *ast.File
	imports []string
}

func (f *file) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// goFiles parses every Go file of the module. It reads the files themselves, because the go command
// shows only those of one platform.
func goFiles(t *testing.T) []*file {
	t.Helper()
	var files []*file
	for _, name := range paths(t) {
		if filepath.Ext(name) != ".go" {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, parser.ParseComments)
		require.NoError(t, err)
		f := &file{name: filepath.ToSlash(name), dir: filepath.ToSlash(filepath.Dir(name)), syntax: syntax}
		for _, spec := range syntax.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			f.imports = append(f.imports, path)
		}
		files = append(files, f)
	}
	require.NotEmpty(t, files)
	return files
}

// packages returns the files of each package by its folder, tests not among them.
func packages(t *testing.T) map[string][]*file {
	t.Helper()
	all := map[string][]*file{}
	for _, f := range goFiles(t) {
		if !f.test() {
			all[f.dir] = append(all[f.dir], f)
		}
	}
	return all
}

// paths lists the files of the module, from the root: no nested modules, no test data.
func paths(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || name == "." {
			return err
		}
		if !d.IsDir() {
			names = append(names, name)
			return nil
		}
		_, err = os.Stat(filepath.Join(path, "go.mod"))
		if err == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
			return fs.SkipDir
		}
		return nil
	})
	require.NoError(t, err)
	return names
}

// words splits a file's or a folder's name.
func words(name string) []string {
	return strings.FieldsFunc(name, func(r rune) bool { return strings.ContainsRune("_-.", r) })
}

func TestNamesSaySomething(t *testing.T) {
	for _, name := range paths(t) {
		for _, part := range strings.Split(filepath.ToSlash(name), "/") {
			for _, w := range words(part) {
				w = strings.TrimSuffix(strings.ToLower(w), "s")
				require.False(t, slices.Contains([]string{"util", "utility", "utilitie", "common", "helper", "misc"}, w),
					"%s: the name does not say what is inside", name)
			}
		}
	}
}

const maxLines = 500

func TestFilesAreShort(t *testing.T) {
	for _, name := range paths(t) {
		if ext := filepath.Ext(name); ext != ".go" && ext != ".s" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		if lines := bytes.Count(text, []byte("\n")); lines > maxLines && !generated(text) {
			t.Errorf("%s has %d lines, more than %d: it holds more than one subject", name, lines, maxLines)
		}
	}
}

// generated reports whether a file says that it is, as https://go.dev/s/generatedcode wants it.
func generated(text []byte) bool {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		if l := lines.Text(); strings.HasPrefix(l, "// Code generated ") && strings.HasSuffix(l, " DO NOT EDIT.") {
			return true
		}
	}
	return false
}
