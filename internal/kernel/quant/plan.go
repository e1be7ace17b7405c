package quant

import (
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/portions"
)

// tiling says where the pixels of a tile are. The last pixel fills up a tile that has more rows than there are pixels.
type tiling struct {
	taps, steps int
	off         []int32 // as in tile
	out         []int32 // as in tile
}

// source returns the pixel of an image that the output (oh, ow) reads through tap (r, s), or false outside.
func source(c conv.Shape, oh, ow, r, s int) (int, bool) {
	h, w := oh*c.StrideH-c.PadH+r*c.DilationH, ow*c.StrideW-c.PadW+s*c.DilationW
	return h*c.W + w, h >= 0 && w >= 0 && h < c.H && w < c.W
}

// tilings returns the tiles of one image with so many rows each, for output pixels of pitch elements.
func tilings(c conv.Shape, rows, pitch int) []tiling {
	pixels := c.OutH() * c.OutW()
	tiles := make([]tiling, portions.Ceil(pixels, rows))
	for i := range tiles {
		out := make([]int32, rows)
		for r := range out {
			out[r] = int32(min(i*rows+r, pixels-1))
		}
		tiles[i] = tilingOf(c, out)
		for r := range out {
			out[r] *= int32(pitch)
		}
	}
	return tiles
}

// tilingOf returns that of some output pixels. Where none is outside, the taps of a row of the kernel are one longer tap.
func tilingOf(c conv.Shape, out []int32) tiling {
	pitch := Pitch(c.C)
	t := tiling{taps: c.R * c.S, steps: pitch / 4, out: out}
	inside := true
	for tap := range t.taps {
		for _, o := range out {
			from, ok := source(c, int(o)/c.OutW(), int(o)%c.OutW(), tap/c.S, tap%c.S)
			if !ok {
				from, inside = -1, false
			}
			t.off = append(t.off, int32(from*pitch))
		}
	}
	if inside && c.DilationW == 1 && c.S > 1 {
		rows := len(out)
		for r := range c.R {
			copy(t.off[r*rows:][:rows], t.off[r*c.S*rows:])
		}
		t.taps, t.steps, t.off = c.R, t.steps*c.S, append([]int32(nil), t.off[:c.R*rows]...)
	}
	return t
}

// height returns which of the heights of tiles is best for so many pixels.
func (k *kernels) height(pixels int) int {
	best, least := 0, 0
	for i, h := range k.heights {
		cost := portions.Ceil(pixels, h.rows) * max(h.rows, 4) // with few rows, multipliers wait for sums
		if i == 0 || cost < least {
			best, least = i, cost
		}
	}
	return best
}
