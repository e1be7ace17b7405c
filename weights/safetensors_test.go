package weights_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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

func TestReadRoundsUnsignedIntegers(t *testing.T) {
	file := raw(`{"u16":{"dtype":"U16","shape":[2],"data_offsets":[24,28]},"u32":{"dtype":"U32","shape":[2],"data_offsets":[16,24]},`+
		`"u64":{"dtype":"U64","shape":[2],"data_offsets":[0,16]}}`, 0)
	for _, v := range []uint64{math.MaxUint64, 1<<63 + 1<<39 + 1} {
		file = binary.LittleEndian.AppendUint64(file, v)
	}
	for _, v := range []uint32{math.MaxUint32, 1<<24 + 1} {
		file = binary.LittleEndian.AppendUint32(file, v)
	}
	for _, v := range []uint16{math.MaxUint16, 1} {
		file = binary.LittleEndian.AppendUint16(file, v)
	}
	f, err := read(file)
	require.NoError(t, err)
	require.Equal(t, []float32{0x1p64, 0x1p63 + 0x1p40}, f.Tensors["u64"].Data())
	require.Equal(t, []float32{0x1p32, 0x1p24}, f.Tensors["u32"].Data())
	require.Equal(t, []float32{65535, 1}, f.Tensors["u16"].Data())
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
		{"bad JSON", `expected ':' at byte 4, found ';'`, raw(`{"a";1}`, 0)},
		{"array", "does not start with {", raw(`[1]`, 0)},
		{"bytes after the JSON", "bytes after the JSON", raw("{}{", 0)},
		{"name twice", `"a" occurs twice`, raw("{"+one+","+one+"}", 8)},
		{"escaped name twice", `"a" occurs twice`, raw("{"+one+","+strings.Replace(one, "a", `\u0061`, 1)+"}", 8)},
		{"key twice", `"shape" occurs twice`, raw(`{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}`, 8)},
		{"unknown key", `tensor "a": unknown key "x"`, raw(`{"a":{"x":1}}`, 0)},
		{"missing key", `shape is missing`, raw(`{"a":{"dtype":"F32","data_offsets":[0,8]}}`, 8)},
		{"entry no object", `expected '{' at byte 5, found '1'`, raw(`{"a":1}`, 0)},
		{"deep nesting", `expected '{' at byte 5, found '['`, raw(`{"a":`+strings.Repeat("[", 1000)+`}`, 0)},
		{"type no string", `expected a string at byte 14, found '3'`, raw(`{"a":{"dtype":3,"shape":[2],"data_offsets":[0,2]}}`, 2)},
		{"negative axis", `-2 is no size`, raw(`{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8)},
		{"fractional axis", `2.0 is no size`, raw(`{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}`, 8)},
		{"huge axis", `is no size`, raw(`{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,8]}}`, 8)},
		{"product overflows", `too large`, raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0)},
		{"product overflows beside 0", `too large`, raw(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}`, 0)},
		{"400 MB behind a header", `tensors end at byte 400000000 of 8`, raw(`{"a":{"dtype":"F32","shape":[100000000],"data_offsets":[0,400000000]}}`, 8)},
		{"too large as float32", `too large`, raw(`{"a":{"dtype":"U8","shape":[0,4611686018427387904],"data_offsets":[0,0]}}`, 0)},
		{"too large as float32, BOOL", `too large`, raw(`{"a":{"dtype":"BOOL","shape":[0,4611686018427387904],"data_offsets":[0,0]}}`, 0)},
		{"too large, type not converted", `too large`, raw(`{"a":{"dtype":"F8_E4M3","shape":[4611686018427387904],"data_offsets":[0,4611686018427387904]}}`, 0)},
		{"65 axes", `more than 64 axes`, raw(`{"a":{"dtype":"U8","shape":[1`+strings.Repeat(",1", 64)+`],"data_offsets":[0,1]}}`, 1)},
		{"F8 range too short", `needs 2 bytes, data_offsets are 0 to 1`, raw(`{"a":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,1]}}`, 1)},
		{"half a byte", `does not fill whole bytes`, raw(`{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}}`, 1)},
		{"leading zero", `01 is no size`, raw(`{"a":{"dtype":"U8","shape":[01],"data_offsets":[0,1]}}`, 1)},
		{"exponent", `1e2 is no size`, raw(`{"a":{"dtype":"U8","shape":[1e2],"data_offsets":[0,100]}}`, 100)},
		{"no digits", `expected a number at byte 28, found 't'`, raw(`{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}`, 1)},
		{"trailing comma", `expected a number at byte 30, found ']'`, raw(`{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}`, 1)},
		{"no comma", `expected ',' at byte 30, found '2'`, raw(`{"a":{"dtype":"U8","shape":[1 2],"data_offsets":[0,2]}}`, 2)},
		{"control character", `control character`, raw("{\"a\n\":1}", 0)},
		{"bad escape", `invalid character 'x' in string escape`, raw(`{"\x":1}`, 0)},
		{"cut in an escape", "unexpected EOF", raw(`{"a\`, 0)},
		{"metadata key twice", `"a" occurs twice`, raw(`{"__metadata__":{"a":"","a":""}}`, 0)},
		{"three offsets", `3 data_offsets`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}`, 8)},
		{"offsets backwards", `data_offsets are 8 to 0`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8)},
		{"range too short", `needs 8 bytes, data_offsets are 0 to 4`, raw(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4)},
		{"range past the end", `tensors end at byte 8 of 4`, raw("{"+one+"}", 4)},
		{"bytes left over", `tensors end at byte 8 of 9`, raw("{"+one+"}", 9)},
		{"gap", `tensor "b" starts at byte 9, where the one before ends at 8`,
			raw("{"+one+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[9,10]}}`, 10)},
		{"overlap", `tensor "b" starts at byte 7, where the one before ends at 8`,
			raw("{"+one+`,"b":{"dtype":"U8","shape":[1],"data_offsets":[7,8]}}`, 8)},
		{"metadata no text", `__metadata__: expected a string at byte 21, found '1'`, raw(`{"__metadata__":{"a":1}}`, 0)},
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

// One tensor of a type that is not converted leaves the others readable.
func TestReadNamesTensorsOfOtherTypes(t *testing.T) {
	file := raw(`{"f4":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]},"f8":{"dtype":"F8_E4M3","shape":[5],"data_offsets":[3,8]},`+
		`"a":{"dtype":"U16","shape":[2],"data_offsets":[8,12]},"new":{"dtype":"F3.5","shape":[7],"data_offsets":[12,16]},`+
		`"b":{"dtype":"I8","shape":[2],"data_offsets":[16,18]}}`, 18)
	copy(file[len(file)-10:], []byte{1, 2, 255, 255, 9, 9, 9, 9, 127, 128})
	f, err := read(file)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"f4": "F4", "f8": "F8_E4M3", "new": "F3.5"}, f.Unsupported)
	require.Len(t, f.Tensors, 2)
	require.Equal(t, map[string]int{"U16": 1, "I8": 1}, f.Types)
	require.Equal(t, []float32{513, 65535}, f.Tensors["a"].Data())
	require.Equal(t, []float32{127, -128}, f.Tensors["b"].Data())

	var b bytes.Buffer
	require.EqualError(t, weights.Write(&b, f), `weights: tensor "f4" of type F4 was not read, so it cannot be written: `+
		`take it out of Unsupported to leave it out`)
	require.Zero(t, b.Len())
}

type readerAt func(p []byte, at int64) (int, error)

func (r readerAt) ReadAt(p []byte, at int64) (int, error) { return r(p, at) }

func TestReadTellsAReadErrorFromABadFile(t *testing.T) {
	_, err := weights.Read(readerAt(func([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }), 100)
	require.ErrorIs(t, err, io.ErrClosedPipe)
	require.False(t, errors.Is(err, weights.ErrFormat))
}

// A reader that ends before the size that it was given with is an error wherever it ends, at once or only
// when it gets there, and with or without io.EOF.
func TestReadNoticesAReaderThatEndsEarly(t *testing.T) {
	file, err := os.ReadFile(filepath.Join("testdata", "types.safetensors"))
	require.NoError(t, err)
	for n := range len(file) {
		_, err := weights.Read(bytes.NewReader(file[:n]), int64(len(file)))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.False(t, errors.Is(err, weights.ErrFormat))

		shrinks := func(p []byte, at int64) (int, error) {
			if at == int64(len(file))-1 { // at first it is all there
				return copy(p, file[at:]), nil
			}
			return copy(p, file[min(at, int64(n)):n]), nil
		}
		if n < len(file)-1 {
			_, err = weights.Read(readerAt(shrinks), int64(len(file)))
			require.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", n)
			require.ErrorContains(t, err, "read error at byte")
		}
	}
	// Nothing is allocated for a size that is not there.
	huge := raw(`{"a":{"dtype":"F32","shape":[1152921504606846976],"data_offsets":[0,4611686018427387904]}}`, 8)
	_, err = weights.Read(bytes.NewReader(huge), int64(len(huge))-8+1<<62)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// Headers that are built to take memory. What is allocated in all bounds what is held at one time.
func TestReadAllocatesInProportionToTheFile(t *testing.T) {
	many := func(first, format, last string) []byte {
		var b strings.Builder
		b.WriteString(first)
		for i := range 1 << 17 {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, format, i)
		}
		return raw(b.String()+last, 0)
	}
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"lying header", raw(`{"a":{"dtype":"F32","shape":[1000000000],"data_offsets":[0,4000000000]}}`, 1<<16)},
		{"a shape of ones", raw(`{"a":{"dtype":"F32","shape":[1`+strings.Repeat(",1", 1<<20)+`],"data_offsets":[0,4]}}`, 4)},
		{"a long number", raw(`{"a":{"dtype":"F32","shape":[`+strings.Repeat("1", 1<<20)+`],"data_offsets":[0,4]}}`, 4)},
		{"a long name", raw(`{"`+strings.Repeat("a", 1<<20)+`":{"dtype":"F32","shape":1}}`, 0)},
		{"empty tensors", many("{", `"%x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, "}")},
		{"scalars of no known type", many("{", `"%x":{"dtype":"","shape":[],"data_offsets":[0,0]}`, "}")},
		{"metadata", many(`{"__metadata__":{`, `"%x":""`, "}}")},
		{"wide conversion", raw(`{"a":{"dtype":"U8","shape":[1048576],"data_offsets":[0,1048576]}}`, 1<<20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := read(c.file)
			runtime.ReadMemStats(&after)
			if err != nil {
				require.ErrorIs(t, err, weights.ErrFormat)
				require.Less(t, len(err.Error()), 500)
			}
			require.Less(t, float64(after.TotalAlloc-before.TotalAlloc)/float64(len(c.file)), 20.0)
		})
	}
}

func TestWriteRefusesWhatReadWould(t *testing.T) {
	one := tensor.New(1)
	for name, f := range map[string]*weights.File{
		"reserved name":    {Tensors: map[string]*tensor.Tensor{"__metadata__": one}},
		"name not UTF-8":   {Tensors: map[string]*tensor.Tensor{"\xff": one}},
		"value not UTF-8":  {Meta: map[string]string{"a": "\xff"}},
		"key not UTF-8":    {Meta: map[string]string{"\xff": "a"}},
		"65 axes":          {Tensors: map[string]*tensor.Tensor{"a": tensor.New(slices.Repeat([]int{1}, 65)...)}},
		"header too large": {Meta: map[string]string{"a": strings.Repeat("a", 100_000_000)}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.Error(t, weights.Write(&b, f))
			require.Zero(t, b.Len())
		})
	}
}
