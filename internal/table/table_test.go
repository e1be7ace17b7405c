package table_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/table"
)

func TestAlign(t *testing.T) {
	require.Equal(t, "name    gives     n\na       [1 2]     7\nlonger         1234\n",
		table.Align(2, []string{"name", "gives", "n"}, []string{"a", "[1 2]", "7"}, []string{"longer", "", "1234"}))
	require.Empty(t, table.Align(1))
}
