package ubjson

import (
	"encoding/binary"
	"fmt"
	"math"
	"reflect"
	"strings"
)

// Append appends a value as XGBoost writes such: structs by their tags for JSON, among them omitempty; slices of int32,
// int64, float32 and bool as arrays of one type, bools as bytes, all others as arrays of values with a count. It panics
// on what has no such form.
func Append(to []byte, v any) []byte { return appendValue(to, reflect.ValueOf(v)) }

func appendValue(to []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		return appendValue(to, v.Elem())
	case reflect.String:
		return appendText(append(to, 'S'), v.String())
	case reflect.Int, reflect.Int32, reflect.Int64:
		return binary.BigEndian.AppendUint64(append(to, 'L'), uint64(v.Int()))
	case reflect.Struct:
		to = append(to, '{')
		for i := range v.NumField() {
			name, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if options == "omitempty" && v.Field(i).IsZero() {
				continue
			}
			to = appendValue(appendText(to, name), v.Field(i))
		}
		return append(to, '}')
	case reflect.Slice:
		return appendArray(to, v)
	}
	panic(fmt.Sprintf("ubjson: %s", v.Type()))
}

// markers are those of numbers in arrays of one type.
var markers = map[reflect.Kind]byte{reflect.Bool: 'U', reflect.Int32: 'l', reflect.Int64: 'L', reflect.Float32: 'd'}

func appendArray(to []byte, v reflect.Value) []byte {
	to = append(to, '[')
	marker := markers[v.Type().Elem().Kind()]
	if marker != 0 {
		to = append(to, '$', marker)
	}
	to = appendLength(append(to, '#'), v.Len())
	for i := range v.Len() {
		switch e := v.Index(i); {
		case marker == 0:
			to = appendValue(to, e)
		case marker == 'U' && e.Bool():
			to = append(to, 1)
		case marker == 'U':
			to = append(to, 0)
		case marker == 'l':
			to = binary.BigEndian.AppendUint32(to, uint32(e.Int()))
		case marker == 'L':
			to = binary.BigEndian.AppendUint64(to, uint64(e.Int()))
		default:
			to = binary.BigEndian.AppendUint32(to, math.Float32bits(float32(e.Float())))
		}
	}
	return to
}

func appendText(to []byte, s string) []byte { return append(appendLength(to, len(s)), s...) }

func appendLength(to []byte, n int) []byte {
	return binary.BigEndian.AppendUint64(append(to, 'L'), uint64(n))
}
