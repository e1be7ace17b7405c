package pages

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The system has to have large pages, and says itself whether it gave some.
func TestLargeSlicesLieInLargePages(t *testing.T) {
	mode, err := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled")
	if err != nil || strings.Contains(string(mode), "[never]") {
		t.Skipf("no large pages: %q, %v", mode, err)
	}
	before := large(t)
	s := Make[float32](64 << 20 / 4)
	require.NotContains(t, s[:1000], float32(1), "zeros")
	for i := range s {
		s[i] = 1
	}
	if got := large(t) - before; got < 32<<10 {
		t.Skipf("the system gave %d KB of large pages, memory may be in pieces", got)
	}
}

// large returns how many KB of this process lie in large pages.
func large(t *testing.T) (kb int) {
	f, err := os.Open("/proc/self/smaps_rollup")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "AnonHugePages: %d kB", &kb); n == 1 {
			return kb
		}
	}
	t.Skip("no count of large pages")
	return 0
}
