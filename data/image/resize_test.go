package image

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// picture is that of testdata/pillow.py.
func picture(height, width, channels int) *Image {
	m, state := New(height, width, channels), uint32(1)
	for i := range m.Pixels {
		state = state*1664525 + 1013904223
		y, x := i/channels/width, i/channels%width
		if (y/5+x/7)%2 == 1 {
			m.Pixels[i] = uint8(state >> 24)
		} else {
			m.Pixels[i] = uint8(3*x + 5*y + 40*(i%channels))
		}
	}
	return m
}

// reference reads what a script of testdata wrote.
func reference[T any](t *testing.T, name string) (content T) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &content))
	return content
}

// digest is how the scripts of testdata tell bytes apart.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

func TestResizeEqualsPillow(t *testing.T) {
	file := reference[struct{ Rows [][7]any }](t, "pillow.json")
	require.Len(t, file.Rows, 2*9*8*6)
	for _, row := range file.Rows {
		n := func(i int) int { return int(row[i].(float64)) }
		f := Filter(slices.Index(filterNames[:], row[5].(string)))
		in := picture(n(0), n(1), n(2))
		before := slices.Clone(in.Pixels)
		got := in.Resize(n(3), n(4), f)
		require.True(t, slices.Equal(before, in.Pixels))
		assert.Equal(t, row[6], digest(got.Pixels), "%v", row)
	}
}
