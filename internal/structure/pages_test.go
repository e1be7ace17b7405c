package structure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Prose in pages is in lines of at most 120 columns. Tables, pictures and code are as wide as they are.
func TestProseIsAtMost120ColumnsWide(t *testing.T) {
	for _, name := range paths(t) {
		if filepath.Ext(name) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		code := false
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, "```") {
				code = !code
			}
			if code || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "![") || strings.HasPrefix(line, "    ") {
				continue
			}
			require.LessOrEqual(t, utf8.RuneCountInString(line), 120, "%s, line %d", name, i+1)
		}
	}
}
