//go:build unix

package kerneltest

import (
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func TestGuardsFault(t *testing.T) {
	var sink float32
	at := func(s []float32, i int) func() {
		return func() { sink += *(*float32)(unsafe.Add(unsafe.Pointer(&s[0]), 4*i)) }
	}
	end, start := Guarded(t, 5), GuardedStart(t, 5)
	require.False(t, fault(at(end, 4)))
	require.True(t, fault(at(end, 5)))
	require.False(t, fault(at(start, 0)))
	require.True(t, fault(at(start, -1)))
}

// fault reports whether f touches protected memory.
func fault(f func()) (faulted bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { faulted = recover() != nil }()
	f()
	return false
}
