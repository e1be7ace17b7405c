package image

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type presetReference struct {
	Rows [][5]any
	JPEG []float64
}

func TestPresetsHaveTheBitsOfTorchvisionAndTimm(t *testing.T) {
	rows := reference[presetReference](t, "presets.json").Rows
	require.Len(t, rows, 2*len(presetTable))
	for _, row := range rows {
		p, err := PresetOf(row[0].(string))
		require.NoError(t, err)
		x := p.Tensor(picture(int(row[1].(float64)), int(row[2].(float64)), 3))
		require.Equal(t, []int{1, p.Crop, p.Crop, 3}, x.Shape())
		var b bytes.Buffer
		require.NoError(t, binary.Write(&b, binary.LittleEndian, x.Data()))
		assert.Equal(t, row[4], digest(b.Bytes()), "%v", row)
	}
}

// A byte of a decoded JPEG is off by up to 3, and 1 in resized pixels.
func TestPresetOfAJPEG(t *testing.T) {
	want := reference[presetReference](t, "presets.json").JPEG
	p, err := PresetOf("IMAGENET1K_V2")
	require.NoError(t, err)
	m, err := Load("testdata/pictures/photo0-2.jpg")
	require.NoError(t, err)
	x := p.Tensor(m, m).Data()
	differ, worst := 0, 0.0
	for i, w := range want {
		d := math.Abs(w - float64(x[97*i]))
		worst = max(worst, d)
		if d > 1e-4 {
			differ++
		}
		require.Equal(t, x[97*i], x[len(x)/2+97*i], "in every row of a batch")
	}
	t.Logf("%d of %d differ, by %.4f at most", differ, len(want), worst)
	require.LessOrEqual(t, worst, 2/(255*0.224)+1e-4)
	require.Less(t, differ, len(want)/10)
}

func TestPresetNames(t *testing.T) {
	v1, err := PresetOf("IMAGENET1K_V1")
	require.NoError(t, err)
	require.Equal(t, Preset{256, 224, Bilinear, imageNet}, v1)
	wide, err := PresetOf("resnext101_64x4d.IMAGENET1K_V1")
	require.NoError(t, err)
	require.Equal(t, 232, wide.Resize)
	for _, name := range []string{"", "resnet50", "resnet50.", "IMAGENET1K_V9", "V1"} {
		_, err = PresetOf(name)
		require.ErrorContains(t, err, "image: PresetOf: no preset for")
	}
}

// Cut computes the window alone, with the bits of the whole.
func TestCutIsAWindowOfTheWhole(t *testing.T) {
	for _, f := range []Filter{Bilinear, Nearest, Box, Hamming, Bicubic, Lanczos} {
		for _, size := range [][2]int{{97, 113}, {31, 31}, {200, 40}, {40, 333}} {
			for _, p := range []Preset{{37, 29, f, half}, {29, 29, f, half}, {20, 33, f, half}, {0, 50, f, half}, {113, 90, f, half}, {31, 20, f, half}} {
				m := picture(size[0], size[1], 3)
				whole := m
				if p.Resize > 0 {
					whole = m.ShortSide(p.Resize, f)
				}
				require.Equal(t, whole.CentreCrop(p.Crop, p.Crop), p.Cut(m), "%v of %v", p, size)
			}
		}
	}
}

// Its short side made 256 pixels long, this picture would be 200 GB.
func TestCutOfALine(t *testing.T) {
	m := New(1, 1<<20, 3)
	for i := range m.Pixels {
		m.Pixels[i] = 77
	}
	p, err := PresetOf("IMAGENET1K_V1")
	require.NoError(t, err)
	require.Equal(t, bytes.Repeat([]byte{77}, 224*224*3), p.Cut(m).Pixels)
	m = &Image{m.Pixels, 1 << 20, 1, 3}
	require.Equal(t, bytes.Repeat([]byte{77}, 224*224*3), p.Cut(m).Pixels)
}
