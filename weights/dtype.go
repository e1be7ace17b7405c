package weights

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/half"
	"github.com/residuum-go/residuum/internal/littleendian"
)

// format is how an element type is stored, little-endian.
type format struct {
	bits   int
	decode func(dst []float32, src []byte) // nil for a type that is not converted
}

// formats holds the types of the format. All that are converted become float32: wider ones are rounded
// to nearest, ties to even.
var formats = map[string]format{
	"F64":  {64, each(8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) })},
	"F32":  {32, littleendian.Float32s},
	"F16":  {16, each(2, func(b []byte) float32 { return half.Float32(binary.LittleEndian.Uint16(b)) })},
	"BF16": {16, each(2, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) })},
	"I64":  {64, each(8, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) })},
	"I32":  {32, each(4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) })},
	"I16":  {16, each(2, func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) })},
	"I8":   {8, each(1, func(b []byte) float32 { return float32(int8(b[0])) })},
	"U64":  {64, each(8, func(b []byte) float32 { return float32(binary.LittleEndian.Uint64(b)) })},
	"U32":  {32, each(4, func(b []byte) float32 { return float32(binary.LittleEndian.Uint32(b)) })},
	"U16":  {16, each(2, func(b []byte) float32 { return float32(binary.LittleEndian.Uint16(b)) })},
	"U8":   {8, each(1, func(b []byte) float32 { return float32(b[0]) })},
	"BOOL": {8, each(1, func(b []byte) float32 { return float32(min(b[0], 1)) })},

	"C64":         {bits: 64},
	"F8_E5M2":     {bits: 8},
	"F8_E4M3":     {bits: 8},
	"F8_E8M0":     {bits: 8},
	"F8_E5M2FNUZ": {bits: 8},
	"F8_E4M3FNUZ": {bits: 8},
	"F6_E2M3":     {bits: 6},
	"F6_E3M2":     {bits: 6},
	"F4":          {bits: 4},
}

// elementBits returns the size of an element, and whether its type is converted.
func elementBits(dtype string) (int64, bool) {
	f, ok := formats[dtype]
	return int64(f.bits), ok && f.decode != nil
}

// fill decodes elements of a type that is converted, as many as dst holds, from the bytes that take returns, so many at
// a time.
func (f format) fill(dst []float32, bigEndian bool, take func(n int) ([]byte, error)) error {
	size := f.bits / 8
	for part := range slices.Chunk(dst, chunk/8) {
		b, err := take(len(part) * size)
		if err != nil {
			return err
		}
		if bigEndian {
			swap(b, size)
		}
		f.decode(part, b)
	}
	return nil
}

// swap reverses the bytes of each element.
func swap(b []byte, size int) {
	for element := range slices.Chunk(b, size) {
		slices.Reverse(element)
	}
}

func each(size int, one func([]byte) float32) func([]float32, []byte) {
	return func(dst []float32, src []byte) {
		for i := range dst {
			dst[i] = one(src[i*size : (i+1)*size])
		}
	}
}
