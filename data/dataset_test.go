package data_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// numbered has n images of h by w by c; the first byte of image i is i, the rest count on from it.
func numbered(n, h, w, c, classes int) *data.Dataset {
	d := &data.Dataset{Height: h, Width: w, Channels: c, Classes: classes}
	for i := range n {
		for j := range h * w * c {
			d.Pixels = append(d.Pixels, uint8(i+j))
		}
		d.Labels = append(d.Labels, i%classes)
	}
	return d
}

func TestNewChecksSizesAndLabels(t *testing.T) {
	two := data.Dataset{Height: 1, Width: 2, Channels: 1, Classes: 2, Pixels: make([]uint8, 4), Labels: []int{0, 1}}
	d, err := data.New(two)
	require.NoError(t, err)
	require.Equal(t, two, *d)
	_, err = data.New(data.Dataset{Height: 1, Width: 1, Channels: 1, Classes: 1})
	require.NoError(t, err)
	for says, spoil := range map[string]func(*data.Dataset){
		"Height is 0: want at least 1":                           func(d *data.Dataset) { d.Height = 0 },
		"Width is -2: want at least 1":                           func(d *data.Dataset) { d.Width = -2 },
		"Channels is 0: want at least 1":                         func(d *data.Dataset) { d.Channels = 0 },
		"Classes is 0: want at least 1":                          func(d *data.Dataset) { d.Classes = 0 },
		"Pixels is 5 bytes: want 4 for 2 labels of 1x2x1 pixels": func(d *data.Dataset) { d.Pixels = make([]uint8, 5) },
		"Labels[1] is 2: want a class from 0 to 1":               func(d *data.Dataset) { d.Labels = []int{0, 2} },
		"Labels[0] is -1: want a class from 0 to 1":              func(d *data.Dataset) { d.Labels = []int{-1, 0} },
	} {
		bad := two
		spoil(&bad)
		_, err := data.New(bad)
		require.EqualError(t, err, "data: Dataset."+says)
		var config *residuum.ConfigError
		require.ErrorAs(t, err, &config)
	}
}

// Sizes whose product is 0 or 4 if what leaves int is dropped.
func TestNewRefusesSizesThatOverflow(t *testing.T) {
	half := 1 << (strconv.IntSize / 2)
	for _, c := range []struct {
		bytes, labels, h, w, c int
	}{
		{0, 1, half, half, 1},
		{0, 0, half, half, 1},
		{0, 2, half, half / 2, 1},
		{4, 4, half, 1, half},
		{4, 1, half + 2, half + 2, 1},
	} {
		_, err := data.New(data.Dataset{Height: c.h, Width: c.w, Channels: c.c, Classes: 1,
			Pixels: make([]uint8, c.bytes), Labels: make([]int, c.labels)})
		require.ErrorContains(t, err, "more bytes than there can be", "%+v", c)
	}
}

func TestImageOutsideTheSetPanicsByName(t *testing.T) {
	d := numbered(3, 1, 2, 1, 3)
	for _, i := range []int{-1, 3} {
		message := fmt.Sprintf("data: Image: image %d of 3", i)
		require.PanicsWithValue(t, message, func() { d.Image(i) })
		require.PanicsWithValue(t, message, func() { d.Select([]int{0, i}) })
	}
}

func TestSubsetIsBalancedOrderedAndSeeded(t *testing.T) {
	d := numbered(100, 1, 2, 1, 4)
	s, err := d.Subset(7, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	require.Equal(t, 28, s.Len())
	count := make([]int, 4)
	for i, l := range s.Labels {
		count[l]++
		require.EqualValues(t, l, int(s.Image(i)[0])%4, "image and label belong together")
		if i > 0 {
			require.Less(t, s.Image(i - 1)[0], s.Image(i)[0], "order kept, none twice")
		}
	}
	require.Equal(t, []int{7, 7, 7, 7}, count)

	again, err := d.Subset(7, rand.New(rand.NewPCG(1, 0)))
	require.NoError(t, err)
	require.Equal(t, s, again)
	other, err := d.Subset(7, rand.New(rand.NewPCG(2, 0)))
	require.NoError(t, err)
	require.NotEqual(t, s, other)

	_, err = d.Subset(26, rand.New(rand.NewPCG(1, 0)))
	require.ErrorContains(t, err, "class 0 holds 25 images, 26 asked for")
	for _, n := range []int{0, -1, math.MinInt} {
		_, err = d.Subset(n, rand.New(rand.NewPCG(1, 0)))
		require.ErrorContains(t, err, fmt.Sprintf("data: Subset: %d images of each class", n))
	}
}

func TestNormGivesMeanZeroAndDeviationOne(t *testing.T) {
	d := numbered(50, 3, 4, 2, 5)
	x := d.Batch(d.Norm(), 0, 50).X
	require.Equal(t, []int{50, 3, 4, 2}, x.Shape())
	mean := tensor.Mean(nil, x, 0, 1, 2)
	square := tensor.Mean(nil, tensor.Square(nil, x), 0, 1, 2)
	for c := range 2 {
		require.InDelta(t, 0, mean.At(c), 1e-6)
		require.InDelta(t, 1, square.At(c), 1e-5)
	}
	flat := &data.Dataset{Height: 1, Width: 1, Channels: 1, Classes: 1, Pixels: []uint8{51, 51}, Labels: []int{0, 0}}
	require.Equal(t, data.Norm{Mean: []float32{0.2}, Std: []float32{1}}, flat.Norm())
}

// The sum of these squares leaves 32 bits.
func TestNormOfManyPixels(t *testing.T) {
	const n = 100_000
	d := &data.Dataset{Height: 1, Width: n, Channels: 1, Classes: 1, Pixels: make([]uint8, n), Labels: []int{0}}
	for i := range n / 2 {
		d.Pixels[2*i] = 255
	}
	require.Equal(t, data.Norm{Mean: []float32{0.5}, Std: []float32{0.5}}, d.Norm())
}
