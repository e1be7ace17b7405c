// Package kerneltest gives kernel tests memory that faults when a kernel strays outside its slices,
// and the comparisons that all kernel tests share.
package kerneltest

import "testing"

// Guarded returns n floats that end exactly where inaccessible memory begins: a kernel that reads
// or writes one element too far crashes the test. The memory is released when the test ends.
//
// Where memory cannot be protected, the floats are followed by a canary that is checked when the
// test ends, which still catches stray writes.
func Guarded(t testing.TB, n int) []float32 {
	t.Helper()
	return guarded(t, n, true)
}

// GuardedStart returns n floats that begin exactly where inaccessible memory ends. See [Guarded].
func GuardedStart(t testing.TB, n int) []float32 {
	t.Helper()
	return guarded(t, n, false)
}
