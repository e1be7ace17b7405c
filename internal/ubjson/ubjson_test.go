package ubjson

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sample = "{" +
	"i\x01a[$d#i\x02\x3f\x80\x00\x00\xc0\x00\x00\x00" + // a: [1, -2]
	"i\x01bSL\x00\x00\x00\x00\x00\x00\x00\x02hi" + // b: "hi"
	"i\x01c[#i\x05U\xffi\xffI\xff\x00l\x00\x01\x00\x00ZF]"

func TestDecode(t *testing.T) {
	got, err := Decode([]byte("{i\x01a[$d#i\x02\x3f\x80\x00\x00\xc0\x00\x00\x00i\x01bSL\x00\x00\x00\x00\x00\x00\x00\x02hi" +
		"i\x01c[U\xffi\xffI\xff\x00l\x00\x01\x00\x00ZFTCxD\x3f\xf8\x00\x00\x00\x00\x00\x00]i\x01d{$L#i\x01i\x01e\x00\x00\x00\x00\x00\x00\x00\x07i\x01f[$I#i\x02\x00\x01\xff\xfe}"))
	require.NoError(t, err)
	require.Equal(t, map[string]any{
		"a": []float32{1, -2}, "b": "hi",
		"c": []any{int64(255), int64(-1), int64(-256), int64(65536), nil, false, true, "x", 1.5},
		"d": map[string]any{"e": int64(7)}, "f": []int64{1, -2},
	}, got)
}

func TestWhatIsAppendedIsDecoded(t *testing.T) {
	type inner struct {
		List []int `json:"list"`
	}
	value := struct {
		Text    string    `json:"text"`
		Inner   *inner    `json:"inner"`
		Each    []inner   `json:"each"`
		Numbers []float32 `json:"numbers"`
		Short   []int32   `json:"short"`
		Long    []int64   `json:"long"`
		Flags   []bool    `json:"flags"`
		None    *inner    `json:"none,omitempty"`
	}{"hello", &inner{[]int{-1, 1 << 20}}, []inner{{}, {}}, []float32{1.5, -2}, []int32{-7}, []int64{1 << 40}, []bool{true, false}, nil}
	got, err := Decode(Append(nil, value))
	require.NoError(t, err)
	empty := map[string]any{"list": []any{}}
	require.Equal(t, map[string]any{
		"text": "hello", "inner": map[string]any{"list": []any{int64(-1), int64(1 << 20)}}, "each": []any{empty, empty},
		"numbers": []float32{1.5, -2}, "short": []int64{-7}, "long": []int64{1 << 40}, "flags": []int64{1, 0},
	}, got)
	require.PanicsWithValue(t, "ubjson: complex128", func() { Append(nil, 1i) })
}

func TestWhatIsNotUBJSON(t *testing.T) {
	for _, text := range []string{
		"", "x", "[", "{", "[$d", "[$dU", "[$d#", "[$d#i\x02\x00", "[$Z#i\x01", "[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff", "[#i\xff", "Si\x05abc",
		"{i\x01", "{i\x01aZ", "ZZ", "SZ", "I\x00", "d\x00", strings.Repeat("[", 65),
	} {
		_, err := Decode([]byte(text))
		require.ErrorIs(t, err, ErrFormat, "%q", text)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("[$l#U\x01\x00\x00\x00\x01"))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = Decode(data) })
}
