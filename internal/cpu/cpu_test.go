package cpu

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnvironmentNamesAnAvailableLevel(t *testing.T) {
	require.NoError(t, Err())
	t.Logf("available %v, active %v", Available(), Active())
}

func TestSetSwitchesAndRestores(t *testing.T) {
	before := Active()
	for _, l := range Available() {
		restore := Set(l)
		require.Equal(t, l, Active())
		restore()
		require.Equal(t, before, Active())
	}
	require.Panics(t, func() { Set(Level(99)) })
}

func TestLevelNames(t *testing.T) {
	require.Equal(t, "avx512", AVX512.String())
	require.Equal(t, "Level(99)", Level(99).String())
}
