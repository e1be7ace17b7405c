package pickle

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// describe writes a value as testdata/pickles.py does.
func describe(v any) string {
	each := func(items []any) string {
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = describe(item)
		}
		return strings.Join(texts, ", ")
	}
	switch v := v.(type) {
	case nil:
		return "nil"
	case float64:
		return "float " + strconv.FormatFloat(v, 'x', -1, 64)
	case string:
		return "str " + hex.EncodeToString([]byte(v))
	case []byte:
		return "bytes " + hex.EncodeToString(v)
	case Tuple:
		return "(" + each(v) + ")"
	case *List:
		return "[" + each(v.Items) + "]"
	case *Dict:
		texts := make([]string, len(v.Keys))
		for i, key := range v.Keys {
			texts[i] = describe(key) + ": " + describe(v.Values[i])
		}
		return "{" + strings.Join(texts, ", ") + "}"
	case *big.Int:
		return v.String()
	}
	return fmt.Sprint(v) // booleans, int64
}

// builtins are the globals that Python itself needs for these values in old protocols.
func builtins(module, name string) (any, error) {
	first := func(args Tuple) (any, error) {
		if len(args) == 0 {
			return new(List), nil
		}
		return args[0], nil
	}
	switch module + "." + name {
	case "_codecs.encode":
		return Func(func(args Tuple) (any, error) {
			var b []byte
			for _, r := range args[0].(string) {
				b = append(b, byte(r))
			}
			return b, nil
		}), nil
	case "__builtin__.bytes", "builtins.bytes":
		return Func(func(Tuple) (any, error) { return []byte{}, nil }), nil
	case "__builtin__.set", "builtins.set", "__builtin__.frozenset", "builtins.frozenset",
		"__builtin__.bytearray", "builtins.bytearray":
		return Func(first), nil
	}
	return nil, fmt.Errorf("the pickle asks for %s.%s", module, name)
}

func decode(text string) (any, error) {
	d := NewDecoder(strings.NewReader(text), int64(len(text)))
	d.Global = builtins
	return d.Decode()
}

func TestPythonsPicklesInAllProtocols(t *testing.T) {
	text, err := os.ReadFile("testdata/pickles.json")
	require.NoError(t, err)
	var rows [][3]any
	require.NoError(t, json.Unmarshal(text, &rows))
	require.Len(t, rows, 41*6)
	for _, row := range rows {
		b, err := hex.DecodeString(row[2].(string))
		require.NoError(t, err)
		v, err := decode(string(b))
		require.NoError(t, err, "%v in protocol %v", row[0], row[1])
		got, want := describe(v), row[0].(string)
		if f, ok := v.(float64); ok { // the two write powers of two otherwise
			w, err := strconv.ParseFloat(strings.TrimPrefix(want, "float "), 64)
			require.NoError(t, err)
			require.Equal(t, w, f)
			continue
		}
		require.Equal(t, want, got, "protocol %v", row[1])
		for n := range b { // every beginning of it is an error
			if len(b) < 400 {
				_, err := decode(string(b[:n]))
				require.Error(t, err)
			}
		}
	}
}

func TestSharedValuesStayShared(t *testing.T) {
	v, err := decode("(]q\x00K\x01ah\x00t.")
	require.NoError(t, err)
	pair := v.(Tuple)
	require.Same(t, pair[0], pair[1])
	v, err = decode("]q\x00h\x00a.")
	require.NoError(t, err)
	require.Same(t, v, v.(*List).Items[0])
}

// In a dictionary the last value of a key counts, in the place of the first.
func TestDictKeepsOrderAndTheLastValue(t *testing.T) {
	v, err := decode("(S'b'\nK\x01S'a'\nK\x02S'b'\nK\x03d.")
	require.NoError(t, err)
	require.Equal(t, "{str 62: 3, str 61: 2}", describe(v))
	got, ok := v.(*Dict).Get("b")
	require.True(t, ok)
	require.EqualValues(t, 3, got)
	_, ok = v.(*Dict).Get("c")
	require.False(t, ok)
}

func TestPicklesBehindEachOther(t *testing.T) {
	text := "K\x01.K\x02.tail"
	d := NewDecoder(strings.NewReader(text), int64(len(text)))
	for want := range int64(2) {
		v, err := d.Decode()
		require.NoError(t, err)
		require.Equal(t, want+1, v)
		require.Equal(t, 3*(want+1), d.At())
	}
}

func TestHostilePickles(t *testing.T) {
	for text, says := range map[string]string{
		"cos\nsystem\nS'true'\n\x85R.":          "pickle: byte 0: operation 'c': the pickle asks for os.system",
		"\x8c\x02os\x8c\x06system\x93.":         "pickle: byte 12: operation '\\u0093': the pickle asks for os.system",
		"c__builtin__\nset\nK\x01R.":            "pickle: byte 19: operation 'R': call with a int64",
		"K\x01)R.":                              "pickle: byte 3: operation 'R': call of a int64",
		"ios\nsystem\n.":                        "pickle: byte 0: operation 'i' is not supported",
		"\x82\x01.":                             "pickle: byte 0: operation '\\u0082' is not supported",
		"X\xff\xff\xff\xff.":                    "pickle: byte 0: operation 'X': 4294967295 bytes asked for, 1 left",
		"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.": "pickle: byte 0: operation '\\u008e': 18446744073709551615 bytes asked for, 1 left",
		"\x8b\xff\xff\xff\x7f.":                 "pickle: byte 0: operation '\\u008b': 2147483647 bytes asked for, 1 left",
		"L" + strings.Repeat("9", 5000) + "\n.": "pickle: byte 0: operation 'L': a number of 5000 digits",
		"Ix\n.":                                 `pickle: byte 0: operation 'I': "x" is no number`,
		"h\x05.":                                "pickle: byte 0: operation 'h': nothing was remembered as 5",
		"t.":                                    "pickle: byte 0: operation 't': no mark",
		"(K\x01.":                               "",
		".":                                     "pickle: byte 0: nothing to take from the stack",
		"K\x01(.":                               "pickle: byte 3: nothing to take from the stack",
		"K\x01a.":                               "pickle: byte 2: operation 'a': nothing to take from the stack",
		"K\x01K\x02a.":                          "pickle: byte 4: operation 'a': append to a int64",
		"}K\x02K\x02K\x03(u.":                   "pickle: byte 8: operation 'u': 0 keys and values for a int64",
		"\x80\x06N.":                            "pickle: byte 0: operation '\\u0080': protocol 6, want 0 to 5",
		"Q.":                                    "pickle: byte 0: operation 'Q': nothing to take from the stack",
		"K\x01Q.":                               "pickle: byte 2: operation 'Q': the pickle refers to something outside it",
		"":                                      "pickle: byte 0: unexpected EOF",
		"S'a\n.":                                `pickle: byte 0: operation 'S': "'a" is no string in quotes`,
		strings.Repeat("N0", maxOps/2):          "pickle: more than 8388608 operations",
	} {
		v, err := decode(text)
		if says == "" {
			require.NoError(t, err)
			require.EqualValues(t, 1, v)
			continue
		}
		require.EqualError(t, err, says, "%.40q", text)
	}
}

// Whatever the bytes are, there is a value or an error.
func FuzzDecode(f *testing.F) {
	text, err := os.ReadFile("testdata/pickles.json")
	require.NoError(f, err)
	var rows [][3]any
	require.NoError(f, json.Unmarshal(text, &rows))
	for _, row := range rows {
		b, err := hex.DecodeString(row[2].(string))
		require.NoError(f, err)
		if len(b) < 400 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := NewDecoder(bytes.NewReader(b), int64(len(b)))
		d.Global = func(module, name string) (any, error) {
			return Func(func(args Tuple) (any, error) { return args, nil }), nil
		}
		d.Persistent = func(id any) (any, error) { return id, nil }
		v, err := d.Decode()
		if err != nil {
			require.Nil(t, v)
		}
		require.LessOrEqual(t, d.At(), int64(len(b)))
	})
}
