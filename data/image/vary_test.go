package image

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// colours is that of testdata/augment.py.
func colours(height, width int) *Image {
	m := New(height, width, 3)
	for y := range height {
		for x := range width {
			copy(m.row(y)[3*x:], []uint8{uint8(5 * x), uint8(7 * y), uint8(x * y)})
		}
	}
	return m
}

type varyReference struct {
	Rows  [][6]any
	Parts [][6]int
	Space map[string]map[string][2]any // policy, operation: strengths, whether signed
	Moved string
}

func TestOperationsHaveTheBitsOfTorchvision(t *testing.T) {
	apply := map[string]func(*Image, float64) *Image{
		"brightness": (*Image).Brightness, "contrast": (*Image).Contrast, "saturation": (*Image).Saturation, "hue": (*Image).Hue,
		"flip": func(m *Image, _ float64) *Image { return m.Flip() },
		"resized crop": func(m *Image, _ float64) *Image {
			return m.Crop(0, 0, (m.Height+1)/2, (m.Width+2)/3).Resize(17, 17, Bilinear)
		},
	}
	for _, op := range operations {
		apply[op.name] = op.apply
	}
	seen := map[string]bool{}
	for _, row := range reference[varyReference](t, "augment.json").Rows {
		h, w, name, x := int(row[1].(float64)), int(row[2].(float64)), row[3].(string), row[4].(float64)
		m := colours(h, w)
		if row[0] == "picture" {
			m = picture(h, w, 3)
		}
		before := slices.Clone(m.Pixels)
		assert.Equal(t, row[5], digest(apply[name](m, x).Pixels), "%v", row)
		require.Equal(t, before, m.Pixels)
		seen[name] = true
	}
	require.Len(t, seen, len(apply))
}

func TestStrengthsAreThoseOfTorchvision(t *testing.T) {
	ref := reference[varyReference](t, "augment.json")
	for policy, r := range map[string]ranges{"wide": wide, "narrow": narrow} {
		require.Len(t, ref.Space[policy], len(operations))
		for _, op := range operations {
			want := ref.Space[policy][op.name]
			require.Equal(t, want[1], op.signed, op.name)
			for i, x := range want[0].([]any) {
				require.Equal(t, x, op.strength(r, New(500, 331, 1), i), "%s %s %d", policy, op.name, i)
			}
		}
	}
	var moves []byte
	for side := 1; side <= 1024; side++ {
		for i := range steps + 1 {
			moves = binary.LittleEndian.AppendUint32(moves, uint32(upTo(narrow.pixels(side), i)))
		}
	}
	require.Equal(t, ref.Moved, digest(moves))
}

// All operations come, each as often, one after the other.
func TestRandAugmentIsAChainOfOperations(t *testing.T) {
	m, rng := colours(20, 30), rand.New(rand.NewPCG(1, 2))
	require.Same(t, m, RandAugment(m, 0, 9, rng))
	want := map[string]bool{} // all that two operations can make
	for _, a := range operations {
		for _, b := range operations {
			for sign := range 4 {
				x, y := a.strength(narrow, m, 9)*float64(1-2*(sign&1)), b.strength(narrow, m, 9)*float64(1-sign&2)
				if (x < 0 && !a.signed) || (y < 0 && !b.signed) {
					continue
				}
				want[string(b.apply(a.apply(m, x), y).Pixels)] = true
			}
		}
	}
	seen := map[string]bool{}
	for range 8000 {
		got := string(RandAugment(m, 2, 9, rng).Pixels)
		require.True(t, want[got])
		seen[got] = true
	}
	require.Greater(t, len(seen), len(want)*95/100)
	for _, bad := range [][2]int{{-1, 9}, {2, -1}, {2, 31}} {
		require.Panics(t, func() { RandAugment(m, bad[0], bad[1], rng) })
	}
	require.Panics(t, func() { RandAugment(m.Grey(), 2, 9, rng) })
}

func TestPartsOfAPicture(t *testing.T) {
	for _, p := range reference[varyReference](t, "augment.json").Parts {
		top, left, h, w := middlePart(p[0], p[1])
		require.Equal(t, p, [6]int{p[0], p[1], top, left, h, w})
	}
	rng := rand.New(rand.NewPCG(1, 2))
	const draws = 2000
	var area, ratio float64
	for range draws {
		top, left, h, w := randomPart(300, 400, 0.08, rng)
		require.True(t, top >= 0 && left >= 0 && h > 0 && w > 0 && top+h <= 300 && left+w <= 400)
		r := float64(w) / float64(h)
		require.True(t, r > narrowest*0.98 && r < widest*1.02, "%dx%d", h, w)
		require.GreaterOrEqual(t, h*w, 300*400*8/100-400)
		area += float64(h*w) / (300 * 400) / draws
		ratio += math.Log(r) / draws
	}
	// torchvision 0.29's mean over 20,000 draws: area 0.432, logarithm of the ratio 0.029
	require.InDelta(t, 0.432, area, 0.02)
	require.InDelta(t, 0.029, ratio, 0.015)
}

// Every function returns the same for the same numbers, and another picture for others.
func TestVariationsDependOnWhatIsDrawn(t *testing.T) {
	m := picture(40, 50, 3)
	for name, vary := range map[string]func(*rand.Rand) *Image{
		"crop":    func(rng *rand.Rand) *Image { return RandomResizedCrop(m, 20, 0.08, Bilinear, rng) },
		"flip":    func(rng *rand.Rand) *Image { return RandomFlip(m, rng) },
		"jitter":  func(rng *rand.Rand) *Image { return Jitter{0.4, 0.4, 0.4, 0.1}.Vary(m, rng) },
		"trivial": func(rng *rand.Rand) *Image { return TrivialAugment(m, rng) },
		"rand":    func(rng *rand.Rand) *Image { return RandAugment(m, 2, 9, rng) },
	} {
		seen := map[string]bool{}
		for seed := range uint64(60) {
			first, second := vary(rand.New(rand.NewPCG(seed, 1))), vary(rand.New(rand.NewPCG(seed, 1)))
			require.Equal(t, first, second, name)
			seen[fmt.Sprint(first.Pixels)] = true
		}
		require.Len(t, seen, map[string]int{"crop": 60, "flip": 2, "jitter": 60, "trivial": len(seen), "rand": len(seen)}[name], name)
		require.Greater(t, len(seen), 1)
	}
	require.Same(t, m, Jitter{}.Vary(m, rand.New(rand.NewPCG(1, 1))))
	require.Equal(t, m, m.Flip().Flip())
	require.Panics(t, func() { Jitter{Hue: 0.6}.Vary(m, rand.New(rand.NewPCG(1, 1))) })
	require.Panics(t, func() { TrivialAugment(m.Grey(), rand.New(rand.NewPCG(1, 1))) })
	require.Panics(t, func() { RandomResizedCrop(m, 20, 0, Bilinear, rand.New(rand.NewPCG(1, 1))) })
}
