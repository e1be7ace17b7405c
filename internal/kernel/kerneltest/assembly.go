package kerneltest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// AVX2UsesItsRegistersOnly reads generated code and fails if a function whose name does not end in AVX512 uses what only
// AVX-512 has: the register allocator does not know that the registers from 16 on need it.
func AVX2UsesItsRegistersOnly(t *testing.T, file string) {
	t.Helper()
	high := regexp.MustCompile(`\b[XY](1[6-9]|2[0-9]|3[01])\b|\bZ[0-9]|\bK[1-7]\b`)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	checked := 0
	for _, f := range strings.Split(string(text), "\nTEXT ")[1:] {
		name, body, _ := strings.Cut(f, "(SB)")
		if !strings.HasSuffix(name, "AVX512") {
			body, _, _ = strings.Cut(body, "\n// func")
			require.Empty(t, high.FindString(body), name)
			checked++
		}
	}
	require.Positive(t, checked, "no function of AVX2 in %s", file)
}
