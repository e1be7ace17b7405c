package weights_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/weights"
)

// headers that use has found, and their neighbours, with the bytes that follow each.
var headers = map[string]uint16{
	`{"__metadata__":{"a":"b"}}`: 0,
	`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1,0],"data_offsets":[8,8]}}`:    8,
	`{"__metadata__":{"a":"b"},"\u00e9":{"data_offsets":[0,6],"shape":[3],"dtype":"BF16"}}  `:                         6,
	`{"a":{"dtype":"U8","shape":[0,4611686018427387904],"data_offsets":[0,0]}}`:                                       0,
	`{"a":{"dtype":"BOOL","shape":[4611686018427387904,0],"data_offsets":[0,0]}}`:                                     0,
	`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U16","shape":[1],"data_offsets":[2,4]}}`: 4,
	`{"a":{"dtype":"F4","shape":[4],"data_offsets":[0,2]},"b":{"dtype":"?","shape":[9],"data_offsets":[2,2]}}`:        2,
	`{"a":{"dtype":"I8","shape":[1` + strings.Repeat(",1", 63) + `],"data_offsets":[0,1]}}`:                           1,
	`{"a":{"dtype":"I8","shape":[1` + strings.Repeat(",1", 64) + `],"data_offsets":[0,1]}}`:                           1,
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"float32.safetensors", "types.safetensors"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	for header, size := range headers {
		f.Add(raw(header, int(size)))
	}
	f.Fuzz(requireErrorOrRoundTrip)
}

// FuzzHeader is FuzzRead with lengths that are right, to get deeper.
func FuzzHeader(f *testing.F) {
	for header, size := range headers {
		f.Add(header, size)
	}
	f.Fuzz(func(t *testing.T, header string, size uint16) { requireErrorOrRoundTrip(t, raw(header, int(size))) })
}

func requireErrorOrRoundTrip(t *testing.T, b []byte) {
	file, err := read(b)
	if err != nil {
		require.ErrorIs(t, err, weights.ErrFormat)
		return
	}
	if n := binary.LittleEndian.Uint64(b); n > uint64(len(b)) {
		return // no safetensors, then: it has found how to make a file of torch.save
	}
	require.True(t, json.Valid(b[8:8+binary.LittleEndian.Uint64(b)]))
	var first, second bytes.Buffer
	if len(file.Unsupported) > 0 {
		require.Error(t, weights.Write(&first, file))
		file.Unsupported = nil
	}
	require.NoError(t, weights.Write(&first, file))
	again, err := read(first.Bytes())
	require.NoError(t, err)
	require.NoError(t, weights.Write(&second, again))
	require.Equal(t, first.Bytes(), second.Bytes())
}
