package image

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// RandomResizedCrop cuts a random part out of m and resizes it to side x side pixels (Szegedy et al. 2015; torchvision's
// transform of the same name). Its area is a share of the picture's, uniform in [minArea, 1], 0.08 usually, and the logarithm of
// width over height is uniform between those of 3/4 and 4/3. If ten such parts do not fit, it is as much of the middle as has
// a shape in this range.
func RandomResizedCrop(m *Image, side int, minArea float64, f Filter, rng *rand.Rand) *Image {
	if !(minArea > 0 && minArea <= 1) {
		panic(fmt.Sprintf("image: RandomResizedCrop: minArea %v: want more than 0, at most 1", minArea))
	}
	top, left, height, width := randomPart(m.Height, m.Width, minArea, rng)
	return m.Crop(top, left, height, width).Resize(side, side, f)
}

const narrowest, widest = 3. / 4, 4. / 3 // width over height

func randomPart(h, w int, minArea float64, rng *rand.Rand) (top, left, height, width int) {
	for range 10 {
		area := float64(h) * float64(w) * (minArea + (1-minArea)*rng.Float64())
		ratio := math.Exp(math.Log(narrowest) + math.Log(widest/narrowest)*rng.Float64())
		width, height = int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if width > 0 && width <= w && height > 0 && height <= h {
			return rng.IntN(h - height + 1), rng.IntN(w - width + 1), height, width
		}
	}
	return middlePart(h, w)
}

// middlePart is the largest part in the middle that is neither too narrow nor too wide.
func middlePart(h, w int) (top, left, height, width int) {
	height, width = h, w
	switch ratio := float64(w) / float64(h); {
	case ratio < narrowest:
		height = int(math.RoundToEven(float64(w) / narrowest))
	case ratio > widest:
		width = int(math.RoundToEven(float64(h) * widest))
	}
	return (h - height) / 2, (w - width) / 2, height, width
}

// RandomFlip returns m or, with probability one half, its mirror image.
func RandomFlip(m *Image, rng *rand.Rand) *Image {
	if rng.IntN(2) == 1 {
		return m.Flip()
	}
	return m
}

// Flip returns m with left and right exchanged.
func (m *Image) Flip() *Image {
	out := New(m.Height, m.Width, m.Channels)
	c := m.Channels
	for y := range m.Height {
		src, dst := m.row(y), out.row(y)
		for x := range m.Width {
			copy(dst[x*c:(x+1)*c], src[(m.Width-1-x)*c:])
		}
	}
	return out
}

// Jitter says how much colours may vary, torchvision's ColorJitter: factors of Brightness, Contrast and Saturation are
// uniform in [max(0, 1-x), 1+x], the hue is shifted by a part of the circle that is uniform in [-Hue, Hue], and the four
// come in random order. What is zero is left out.
type Jitter struct{ Brightness, Contrast, Saturation, Hue float64 }

// Vary returns m in other colours. It panics unless it has three channels, Hue is in [0, 0.5] and the others are not
// negative.
func (j Jitter) Vary(m *Image, rng *rand.Rand) *Image {
	if !(j.Brightness >= 0 && j.Contrast >= 0 && j.Saturation >= 0 && j.Hue >= 0 && j.Hue <= 0.5) {
		panic(fmt.Sprintf("image: Jitter.Vary: %+v: want none negative, Hue at most 0.5", j))
	}
	factor := func(x float64) float64 {
		least := max(0, 1-x)
		return least + (1+x-least)*rng.Float64()
	}
	for _, which := range rng.Perm(4) {
		switch {
		case which == 0 && j.Brightness > 0:
			m = m.Brightness(factor(j.Brightness))
		case which == 1 && j.Contrast > 0:
			m = m.Contrast(factor(j.Contrast))
		case which == 2 && j.Saturation > 0:
			m = m.Saturation(factor(j.Saturation))
		case which == 3 && j.Hue > 0:
			m = m.Hue((2*rng.Float64() - 1) * j.Hue)
		}
	}
	return m
}
