package cpu

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBestLevelUnlessTheEnvironmentNamesAnother(t *testing.T) {
	t.Logf("available %v, active %v", Available(), Active())
	if name := os.Getenv("RESIDUUM_CPU"); name != "" {
		require.Equal(t, name, Active().String())
	} else {
		require.Equal(t, Best(), Active())
	}
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
