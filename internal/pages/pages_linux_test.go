package pages

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// The system is asked for every byte of a large slice: its flags of the memory say so. Whether it then gives large pages
// depends on how much of its memory is in one piece.
func TestLargePagesAreAskedFor(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this system has no large pages: ", err)
	}
	s := Make[float32](3 * Size / 4)
	require.Len(t, s, 3*Size/4)
	require.NotContains(t, s[:1000], float32(1), "zeros")
	from := uintptr(unsafe.Pointer(&s[0]))
	for at := from; at < from+3*Size; at += Size / 16 {
		require.Contains(t, flags(t, at), " hg", "%#x of %#x", at, from)
	}
	runtime.KeepAlive(s)
}

// flags returns those of the memory at an address (proc(5), VmFlags).
func flags(t *testing.T, at uintptr) string {
	t.Helper()
	f, err := os.Open("/proc/self/smaps")
	require.NoError(t, err)
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, end uintptr
		if n, _ := fmt.Sscanf(lines.Text(), "%x-%x ", &from, &end); n == 2 {
			inside = from <= at && at < end
		}
		if flags, ok := strings.CutPrefix(lines.Text(), "VmFlags:"); ok && inside {
			return flags
		}
	}
	require.Fail(t, "no mapping", "%#x", at)
	return ""
}
