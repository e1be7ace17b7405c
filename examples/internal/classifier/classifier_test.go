package classifier

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsualNames(t *testing.T) {
	names, known := usualNames(1000)
	require.True(t, known)
	require.Equal(t, "tench", names[0])
	require.Equal(t, "toilet tissue", names[999])
	names, known = usualNames(2)
	require.False(t, known)
	require.Equal(t, []string{"class 0", "class 1"}, names)
}
