//go:build unix

package kerneltest

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/residuum-go/residuum/internal/portions"
)

// guarded maps whole pages with a protected one before and one behind them, and hands out the
// floats at the end or at the start of the accessible ones.
func guarded(t testing.TB, n int, atEnd bool) []float32 {
	t.Helper()
	if n == 0 {
		n = 1 // so that a pointer to the data exists; the result is cut to no elements
		return guarded(t, n, atEnd)[:0]
	}
	page := unix.Getpagesize()
	size := portions.RoundUp(4*n, page)
	m, err := unix.Mmap(-1, 0, size+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { _ = unix.Munmap(m) })
	require.NoError(t, unix.Mprotect(m[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(m[page+size:], unix.PROT_NONE))
	off := page
	if atEnd {
		off = page + size - 4*n
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&m[off])), n)
}
