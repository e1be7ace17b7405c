package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadmeQuotesTheProgram(t *testing.T) {
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	from := strings.Index(string(program), "func main() {")
	to := strings.Index(string(program), "\n}\n")
	require.Positive(t, from)
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```go\n"+string(program)[from:to]+"\n}\n```")
}
