package program

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "names.txt")
	for text, want := range map[string][]string{
		"cat":                        {"cat"},
		"cat\r\nT-shirt/top\r\n\r\n": {"cat", "T-shirt/top"},
		" tench, Tinca \n\tgoldfish": {"tench, Tinca", "goldfish"},
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		got, err := Names(path)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for text, line := range map[string]string{"": "1", "\n \n": "1", "\na": "1", "a\n\nb": "2"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := Names(path)
		require.EqualError(t, err, path+": line "+line+" is empty: want a name")
	}
	_, err := Names(path + "none")
	require.ErrorIs(t, err, os.ErrNotExist)
}
