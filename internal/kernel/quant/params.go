package quant

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// Params says what bytes stand for: q for Scale*(q-Zero).
type Params struct {
	Scale float32
	Zero  uint8
}

// Between returns the params whose bytes stand for the numbers between lo and hi, which must be finite, and for 0, exactly.
func Between(lo, hi float32) Params {
	low, high := min(float64(lo), 0), max(float64(hi), 0)
	p := Params{Scale: float32((high - low) / 255)}
	if !(p.Scale >= 0x1p-100) { // nothing to tell apart, or its reciprocal is out of range
		return Params{Scale: 1}
	}
	p.Zero = uint8(math.RoundToEven(min(-low/float64(p.Scale), 255)))
	return p
}

// Value returns the number that q stands for.
func (p Params) Value(q uint8) float32 { return p.Scale * float32(int(q)-int(p.Zero)) }

// Pitch returns how many bytes a pixel of so many channels takes. Those behind the channels hold any number.
func Pitch(channels int) int {
	if channels <= 4 {
		return 4
	}
	return portions.RoundUp(channels, panel)
}

// Bytes returns the memory of f as bytes.
func Bytes(f []float32) []uint8 {
	if len(f) == 0 {
		return nil
	}
	return unsafe.Slice((*uint8)(unsafe.Pointer(&f[0])), 4*len(f))
}

// Quantize sets pixels of bytes y to what is nearest to the pixels x of so many channels.
func Quantize(y []uint8, x []float32, channels int, p Params) {
	pixels := pixelsOf("Quantize", y, x, channels)
	r := roundings.Get()
	*r = rounding{y, x, channels, p}
	parallel.For(pixels, max(1, 1<<15/channels), r)
	*r = rounding{}
	roundings.Put(r)
}

// Dequantize sets pixels y of so many channels to what the pixels of bytes x stand for.
func Dequantize(y []float32, x []uint8, channels int, p Params) {
	pixels := pixelsOf("Dequantize", x, y, channels)
	pitch := Pitch(channels)
	for i := range pixels {
		from := x[i*pitch:][:channels]
		for j := range y[i*channels:][:channels] {
			y[i*channels+j] = p.Value(from[j])
		}
	}
}

func pixelsOf(op string, bytes []uint8, numbers []float32, channels int) int {
	pixels := len(numbers) / channels
	if len(numbers)%channels != 0 || len(bytes) != pixels*Pitch(channels) {
		panic(fmt.Sprintf("quant: %s: %d bytes and %d numbers of %d channels", op, len(bytes), len(numbers), channels))
	}
	return pixels
}

// rounding is the job of [Quantize].
type rounding struct {
	y        []uint8
	x        []float32
	channels int
	p        Params
}

var roundings portions.Pool[rounding]

// Run rounds pixels lo to hi.
func (r *rounding) Run(lo, hi int) {
	pitch := Pitch(r.channels)
	y, x := r.y[lo*pitch:hi*pitch], r.x[lo*r.channels:hi*r.channels]
	if n := roundQuads(y, x, r.channels, pitch, r.p); n > 0 {
		y, x = y[n*pitch:], x[n*r.channels:]
	}
	roundRef(y, x, r.channels, pitch, r.p)
}

func roundRef(y []uint8, x []float32, channels, pitch int, p Params) {
	by, zero := 1/p.Scale, float32(p.Zero)
	for ; len(x) > 0; x, y = x[channels:], y[pitch:] {
		for j, v := range x[:channels] {
			y[j] = round(bounded(float32(v*by)+zero, 0, 255))
		}
		for j := channels; j < pitch; j++ {
			y[j] = p.Zero
		}
	}
}

// bounded returns v between lo and hi, and lo for NaN.
func bounded(v, lo, hi float32) float32 {
	switch {
	case v > hi:
		return hi
	case v > lo:
		return v
	}
	return lo
}

// round returns the integer nearest to v, which is between 0 and 255, the even one of two.
func round(v float32) uint8 { return uint8(math.RoundToEven(float64(v))) }
