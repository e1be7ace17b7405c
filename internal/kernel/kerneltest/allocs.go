package kerneltest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// NoAllocs checks that f does not allocate once it has run a few times. Under the race detector it
// checks nothing, because sync.Pool then drops what it is given at random.
func NoAllocs(t *testing.T, f func()) {
	t.Helper()
	if race {
		t.Skip("pools are not reliable under the race detector")
	}
	require.Less(t, testing.AllocsPerRun(100, f), 1.0)
}
