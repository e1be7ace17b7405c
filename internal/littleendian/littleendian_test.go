package littleendian

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFloat32s(t *testing.T) {
	dst := []float32{9, 9, 9, 9}
	Float32s(dst[:3], []byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0x80, 0x7f, 1, 2, 3, 4})
	require.Equal(t, []float32{1, -2, float32(math.Inf(1)), 9}, dst)
	Float32s(nil, nil)
	require.Panics(t, func() { Float32s(dst, make([]byte, 15)) })
}
