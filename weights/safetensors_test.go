package weights_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

func read(b []byte) (*weights.File, error) {
	return weights.Read(bytes.NewReader(b), int64(len(b)))
}

// raw puts a length and a header before size zero bytes.
func raw(header string, size int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, size)...)
}

// The fixtures are from the reference implementation, see testdata/make.py.
func TestWriteGivesTheBytesOfTheReferenceImplementation(t *testing.T) {
	want, err := os.ReadFile(filepath.Join("testdata", "float32.safetensors"))
	require.NoError(t, err)
	f, err := read(want)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"format": "pt <&>"}, f.Meta)
	require.Len(t, f.Tensors, 4)
	require.Equal(t, []int{2, 3, 1, 2}, f.Tensors["conv1.weight"].Shape())
	require.EqualValues(t, 2.75, f.Tensors["conv1.weight"].At(1, 2, 0, 1))
	require.Equal(t, 0, f.Tensors["scalar"].Rank())
	require.EqualValues(t, -1.5, f.Tensors["scalar"].Item())
	require.Equal(t, []int{0, 3}, f.Tensors["empty"].Shape())
	odd := f.Tensors["né\"<\\\n"].Data()
	require.Equal(t, []float32{float32(math.Inf(1)), float32(math.Inf(-1)), 0, 1e-45}, odd)
	require.True(t, math.Signbit(float64(odd[2])))

	var b bytes.Buffer
	require.NoError(t, weights.Write(&b, f))
	require.Equal(t, string(want), b.String())
}

func TestReadConvertsTypes(t *testing.T) {
	f, err := weights.Load(filepath.Join("testdata", "types.safetensors"))
	require.NoError(t, err)
	require.Len(t, f.Tensors, 18)
	for _, name := range []string{"f64", "f16", "bf16", "i64", "i32", "i16", "i8", "u8", "bool"} {
		require.True(t, tensor.Equal(f.Tensors[name+" as f32"], f.Tensors[name]), name)
	}
}

func TestReadRefusesDamage(t *testing.T) {
	one := `"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	long := binary.LittleEndian.AppendUint64(nil, 100_000_001)
	for _, c := range []struct {
		name, reason string
		file         []byte
	}{
		{"empty", "0 bytes long", nil},
		{"short", "7 bytes long", make([]byte, 7)},
		{"header past the end", "header of 99 bytes in a file of 8", append([]byte{99}, make([]byte, 7)...)},
		{"header over the limit", "at most 100000000", long},
		{"header of 2^63", "header of 9223372036854775808 bytes", []byte{0, 0, 0, 0, 0, 0, 0, 128}},
		{"no header", "does not start with {", raw("", 0)},
		{"leading space", "does not start with {", raw(" {}", 0)},
		{"not UTF-8", "not UTF-8", raw("{\"\xff\":1}", 0)},
		{"cut JSON", "unexpected EOF", raw(`{"a":{"dtype":"F32"`, 0)},
		{"bad JSON", "invalid character", raw(`{"a";1}`, 0)},
		{"array", "does not start with {", raw(`[1]`, 0)},
		{"bytes after the JSON", "bytes after the JSON", raw("{}{", 0)},
		{"name twice", `"a" occurs twice`, raw("{"+one+","+one+"}", 8)},
		{"escaped name twice", `"a" occurs twice`, raw("{"+one+","+strings.Replace(one, "a", `\u0061`, 1)+"}", 8)},
		{"key twice", `"shape" occurs twice`, raw(`{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}`, 8)},
		{"unknown key", `tensor "a": unknown key "x"`, raw(`{"a":{"x":1}}`, 0)},
		{"missing key", `shape is missing`, raw(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8)},
		{"entry no object", `expected {, found 1`, raw(`{"a":1}`, 0)},
		{"deep nesting", `expected {, found [`, raw(`{"a":`+strings.Repeat("[", 1000)+`}`, 0)},
		{"unknown type", `type "F8_E4M3" cannot be read`, raw(`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}`, 2)},
		{"type no string", `expected a string, found 3`, raw(`{"a":{"dtype":3,"shape":[2],"data_offsets":[0,2]}}`, 2)},
		{"negative axis", `-2 is no size`, raw(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8)},
		{"fractional axis", `2.0 is no size`, raw(`{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, 8)},
		{"huge axis", `is no size`, raw(`{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,8]}}`, 8)},
		{"product overflows", `too large`, raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0)},
		{"product overflows beside 0", `too large`, raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`, 0)},
		{"three offsets", `3 data_offsets`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, 8)},
		{"offsets backwards", `data_offsets are 8 to 0`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8)},
		{"range too short", `needs 8 bytes, data_offsets are 0 to 4`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4)},
		{"range past the end", `tensors end at byte 8 of 4`, raw("{"+one+"}", 4)},
		{"bytes left over", `tensors end at byte 8 of 9`, raw("{"+one+"}", 9)},
		{"gap", `tensor "b" starts at byte 9, where the one before ends at 8`,
			raw("{"+one+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}`, 10)},
		{"overlap", `tensor "b" starts at byte 7, where the one before ends at 8`,
			raw("{"+one+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}`, 8)},
		{"metadata no text", `__metadata__: expected a string, found 1`, raw(`{"__metadata__":{"a":1}}`, 0)},
		{"metadata twice", `"__metadata__" occurs twice`, raw(`{"__metadata__":{},"__metadata__":{}}`, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := read(c.file)
			require.ErrorIs(t, err, weights.ErrFormat)
			require.ErrorContains(t, err, c.reason)
		})
	}
}

func TestReadAcceptsAnyOrderAndEmptyTensors(t *testing.T) {
	f, err := read(raw(`{"b":{"data_offsets":[4,8],"shape":[1],"dtype":"F32"},"e":{"dtype":"I64","shape":[3,0],"data_offsets":[4,4]},`+
		`"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}    `, 8))
	require.NoError(t, err)
	require.Len(t, f.Tensors, 3)
	f, err = read(raw("{}", 0))
	require.NoError(t, err)
	require.Empty(t, f.Tensors)
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func TestReadTellsAReadErrorFromABadFile(t *testing.T) {
	_, err := weights.Read(broken{}, 100)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.False(t, errors.Is(err, weights.ErrFormat))
}

func TestLyingHeaderAllocatesLittle(t *testing.T) {
	file := raw(`{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}`, 8)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := read(file)
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, weights.ErrFormat)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestWriteRefusesWhatReadWould(t *testing.T) {
	one := tensor.New(1)
	for name, f := range map[string]*weights.File{
		"reserved name":    {Tensors: map[string]*tensor.Tensor{"__metadata__": one}},
		"name not UTF-8":   {Tensors: map[string]*tensor.Tensor{"\xff": one}},
		"value not UTF-8":  {Meta: map[string]string{"a": "\xff"}},
		"key not UTF-8":    {Meta: map[string]string{"\xff": "a"}},
		"header too large": {Meta: map[string]string{"a": strings.Repeat("a", 100_000_000)}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.Error(t, weights.Write(&b, f))
			require.Zero(t, b.Len())
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"float32.safetensors", "types.safetensors"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add(raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1,0],"data_offsets":[8,8]}}`, 8))
	f.Add(raw(`{"__metadata__":{"a":"b"}}`, 0))
	f.Fuzz(requireErrorOrRoundTrip)
}

// FuzzHeader is FuzzRead with lengths that are right, to get deeper.
func FuzzHeader(f *testing.F) {
	f.Add(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1,0],"data_offsets":[8,8]}}`, uint16(8))
	f.Add(`{"__metadata__":{"a":"b"},"\u00e9":{"data_offsets":[0,6],"shape":[3],"dtype":"BF16"}}  `, uint16(6))
	f.Fuzz(func(t *testing.T, header string, size uint16) { requireErrorOrRoundTrip(t, raw(header, int(size))) })
}

func requireErrorOrRoundTrip(t *testing.T, b []byte) {
	file, err := read(b)
	if err != nil {
		require.ErrorIs(t, err, weights.ErrFormat)
		return
	}
	var first, second bytes.Buffer
	require.NoError(t, weights.Write(&first, file))
	again, err := read(first.Bytes())
	require.NoError(t, err)
	require.NoError(t, weights.Write(&second, again))
	require.Equal(t, first.Bytes(), second.Bytes())
}
