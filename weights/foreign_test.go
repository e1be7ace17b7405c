package weights

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file of another kind is named, and what to do with it.
func TestFilesOfOtherKindsAreNamed(t *testing.T) {
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, err := z.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for _, c := range []struct{ begin, says string }{
		{"\x80\x04\x95\x10\x01\x00\x00\x00\x00\x00\x00}", "a Python pickle"},
		{"\x89HDF\r\n\x1a\n\x00", "HDF5"},
		{"GGUF\x03\x00\x00\x00", "GGUF"},
		{zipped.String(), "compressed by gzip"},
		{zipped.String() + strings.Repeat("\x00", 1<<20), "compressed by gzip"}, // as long as its first bytes say
		{"\x08\x07\x12\x07pytorch", "ONNX"},
		{"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"},
		{"<!DOCTYPE html>", "HTML"},
		{"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture"},
		{"\x89PNG\r\n\x1a\n", "a picture"},
		{"RIFF\x10\x00\x00\x00WEBP", "a picture"},
		{`{"metadata": {"total_size": 1}}`, "JSON"},
	} {
		text := c.begin + strings.Repeat("\x00", 100)
		_, err := Read(strings.NewReader(text), int64(len(text)))
		require.ErrorIs(t, err, ErrFormat)
		require.ErrorContains(t, err, "it seems to be "+c.says)
	}
}

// A file that was cut is not taken for another one because of a byte of its header's length.
func TestFileThatWasCutIsNoOtherKind(t *testing.T) {
	for _, length := range []uint64{0x08, 0x7b, 0x3c, 0x0280, 0x1208, maxHeader} {
		b := append(binary.LittleEndian.AppendUint64(nil, length), '{')
		_, err := Read(bytes.NewReader(b), int64(len(b)))
		require.ErrorIs(t, err, ErrFormat)
		require.NotContains(t, err.Error(), "seems to be")
	}
}
