package structure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Pages are at most 120 columns wide, but for tables.
func TestPagesAreAtMost120ColumnsWide(t *testing.T) {
	for _, name := range paths(t) {
		if filepath.Ext(name) != ".md" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		for i, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, "|") {
				continue
			}
			require.LessOrEqual(t, utf8.RuneCountInString(line), 120, "%s, line %d", name, i+1)
		}
	}
}
