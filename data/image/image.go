package image

import "fmt"

// Image is a picture of bytes: channel c of the pixel in row y and column x is Pixels[(y*Width+x)*Channels+c].
type Image struct {
	Pixels                  []uint8
	Height, Width, Channels int
}

// New returns a black image. It panics unless all three are at least 1.
func New(height, width, channels int) *Image {
	if height < 1 || width < 1 || channels < 1 {
		panic(fmt.Sprintf("image: New: %dx%d pixels of %d channels: want at least 1 of each", height, width, channels))
	}
	return &Image{make([]uint8, height*width*channels), height, width, channels}
}

// row returns the bytes of row y.
func (m *Image) row(y int) []uint8 {
	n := m.Width * m.Channels
	return m.Pixels[y*n : (y+1)*n]
}

// Crop returns a copy of the rectangle of the given size whose upper left pixel is (top, left). Where that lies beyond
// the image, it is black, as torchvision's crop pads.
func (m *Image) Crop(top, left, height, width int) *Image {
	out := New(height, width, m.Channels)
	from, to := max(left, 0), min(left+width, m.Width)
	if from >= to {
		return out
	}
	for y := max(top, 0); y < min(top+height, m.Height); y++ {
		copy(out.row(y - top)[(from-left)*m.Channels:], m.row(y)[from*m.Channels:to*m.Channels])
	}
	return out
}

// CentreCrop returns the middle of m, height x width pixels; where m is smaller, black is added on both sides.
// Odd rests are rounded as torchvision's CenterCrop rounds them, half to even.
func (m *Image) CentreCrop(height, width int) *Image {
	return m.Crop(middle(m.Height, height), middle(m.Width, width), height, width)
}

// middle returns where a window of n begins in an axis of size, in the middle.
func middle[T int | int64](size, n T) T {
	if n > size { // torchvision pads (n-size)/2 rounded down before and cuts from there
		return -((n - size) / 2)
	}
	rest := size - n
	half := rest / 2
	if rest%2 == 1 && half%2 == 1 { // Python's round takes 0.5 to the even neighbour
		half++
	}
	return half
}
