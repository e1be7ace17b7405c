package weights

import (
	"encoding/binary"
	"math"
)

// format is how an element type is stored, little-endian.
type format struct {
	size   int
	decode func(dst []float32, src []byte)
}

// formats holds the types that can be read. All become float32: wider ones are rounded to nearest,
// ties to even.
var formats = map[string]format{
	"F64":  {8, each(8, func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) })},
	"F32":  {4, each(4, func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) })},
	"F16":  {2, each(2, func(b []byte) float32 { return half(binary.LittleEndian.Uint16(b)) })},
	"BF16": {2, each(2, func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) })},
	"I64":  {8, each(8, func(b []byte) float32 { return float32(int64(binary.LittleEndian.Uint64(b))) })},
	"I32":  {4, each(4, func(b []byte) float32 { return float32(int32(binary.LittleEndian.Uint32(b))) })},
	"I16":  {2, each(2, func(b []byte) float32 { return float32(int16(binary.LittleEndian.Uint16(b))) })},
	"I8":   {1, each(1, func(b []byte) float32 { return float32(int8(b[0])) })},
	"U8":   {1, each(1, func(b []byte) float32 { return float32(b[0]) })},
	"BOOL": {1, each(1, func(b []byte) float32 { return float32(min(b[0], 1)) })},
}

func each(size int, one func([]byte) float32) func([]float32, []byte) {
	return func(dst []float32, src []byte) {
		for i := range dst {
			dst[i] = one(src[i*size : (i+1)*size])
		}
	}
}

// half returns the value of an IEEE 754 binary16.
func half(h uint16) float32 {
	sign, exponent, fraction := uint32(h>>15)<<31, uint32(h>>10)&31, uint32(h)&1023
	switch exponent {
	case 0: // zero or subnormal: fraction * 2^-24, which float32 holds exactly
		return math.Float32frombits(sign | math.Float32bits(float32(fraction)*0x1p-24))
	case 31: // infinity or NaN
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
