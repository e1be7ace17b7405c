package structure

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var fuzzCommand = regexp.MustCompile(`go test \./\S+ -fuzz \w+`)

// The table in CONTRIBUTING.md has a command for every fuzz target, and none for one that is gone.
func TestFuzzTargetsHaveTheirCommands(t *testing.T) {
	var want []string
	for _, f := range goFiles(t) {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test() && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				want = append(want, "go test ./"+f.dir+" -fuzz "+fn.Name.Name)
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	require.NoError(t, err)
	got := fuzzCommand.FindAllString(string(text), -1)
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got, "commands of CONTRIBUTING.md")
}
