package figure

import (
	"fmt"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// How people without one kind of cone see linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
var sights = map[string][3][3]float64{
	"normal": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protan": {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deutan": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritan": {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// lab returns CIELAB coordinates, D65, of a colour as somebody with the given sight sees it.
func lab(c color.RGBA, sight [3][3]float64) [3]float64 {
	linear := func(v uint8) float64 {
		if x := float64(v) / 255; x > 0.04045 {
			return math.Pow((x+0.055)/1.055, 2.4)
		} else {
			return x / 12.92
		}
	}
	times := func(m [3][3]float64, v [3]float64) (w [3]float64) {
		for i := range w {
			w[i] = m[i][0]*v[0] + m[i][1]*v[1] + m[i][2]*v[2]
		}
		return w
	}
	rgb := times(sight, [3]float64{linear(c.R), linear(c.G), linear(c.B)})
	for i := range rgb {
		rgb[i] = math.Min(1, math.Max(0, rgb[i]))
	}
	xyz := times([3][3]float64{{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}}, rgb)
	f := func(t float64) float64 {
		if t > 0.008856 {
			return math.Cbrt(t)
		}
		return 7.787*t + 16.0/116
	}
	x, y, z := f(xyz[0]/0.95047), f(xyz[1]), f(xyz[2]/1.08883)
	return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
}

// Any two colours of the palette, and each of them and the white paper, differ clearly for everybody. A
// difference of 2.3 is what one just notices between patches that touch.
func TestColoursCanBeToldApart(t *testing.T) {
	colours := append([]color.RGBA{{0xff, 0xff, 0xff, 0xff}}, palette...)
	for name, sight := range sights {
		for i, a := range colours {
			for _, b := range colours[:i] {
				p, q := lab(a, sight), lab(b, sight)
				d := math.Sqrt((p[0]-q[0])*(p[0]-q[0]) + (p[1]-q[1])*(p[1]-q[1]) + (p[2]-q[2])*(p[2]-q[2]))
				require.Greater(t, d, 15.0, "%v and %v to %s sight", a, b, name)
			}
		}
	}
}

// Without any colour, series differ in marker and dash.
func TestSeriesCanBeToldApartWithoutColour(t *testing.T) {
	seen := map[string]int{}
	for look := range len(palette) + len(dashes) {
		key := fmt.Sprintf("%T %v", markers[look%len(markers)], dashes[look%len(dashes)])
		other, ok := seen[key]
		require.False(t, ok, "series %d and %d", other, look)
		seen[key] = look
	}
}
