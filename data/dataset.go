package data

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Dataset is a set of labelled images of one size, held in memory. It is read-only once built and
// may then be shared by any number of loaders.
type Dataset struct {
	Height, Width, Channels int
	Classes                 int
	Pixels                  []uint8 // [Len, Height, Width, Channels]
	Labels                  []int   // in [0, Classes)
}

// New returns the set of len(labels) images of h by w pixels with c channels. Pixels and labels
// are shared, not copied. It is an error if their sizes disagree or a label lies outside
// [0, classes).
func New(pixels []uint8, labels []int, h, w, c, classes int) (*Dataset, error) {
	if h < 1 || w < 1 || c < 1 || classes < 1 {
		return nil, fmt.Errorf("data: New: %dx%dx%d pixels, %d classes: all must be positive", h, w, c, classes)
	}
	if len(pixels) != len(labels)*h*w*c {
		return nil, fmt.Errorf("data: New: %d labels of %dx%dx%d pixels need %d bytes, there are %d",
			len(labels), h, w, c, len(labels)*h*w*c, len(pixels))
	}
	for i, l := range labels {
		if l < 0 || l >= classes {
			return nil, fmt.Errorf("data: New: label %d of image %d is outside 0..%d", l, i, classes-1)
		}
	}
	return &Dataset{Height: h, Width: w, Channels: c, Classes: classes, Pixels: pixels, Labels: labels}, nil
}

// Len returns the number of images.
func (d *Dataset) Len() int { return len(d.Labels) }

// Image returns the bytes of image i, [Height, Width, Channels]; they are shared.
func (d *Dataset) Image(i int) []uint8 {
	n := d.Height * d.Width * d.Channels
	return d.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// Select returns a copy of the images with the given indices, in that order.
func (d *Dataset) Select(index []int) *Dataset {
	s := &Dataset{Height: d.Height, Width: d.Width, Channels: d.Channels, Classes: d.Classes}
	s.Pixels = make([]uint8, 0, len(index)*d.Height*d.Width*d.Channels)
	s.Labels = make([]int, 0, len(index))
	for _, i := range index {
		s.Pixels = append(s.Pixels, d.Image(i)...)
		s.Labels = append(s.Labels, d.Labels[i])
	}
	return s
}

// Subset returns n images of each class, drawn without replacement and kept in the order that they
// have in d. It is an error if a class holds fewer than n.
func (d *Dataset) Subset(n int, seed uint64) (*Dataset, error) {
	byClass := make([][]int, d.Classes)
	for i, l := range d.Labels {
		byClass[l] = append(byClass[l], i)
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	var chosen []int
	for class, index := range byClass {
		if len(index) < n {
			return nil, fmt.Errorf("data: Subset: class %d holds %d images, %d asked for", class, len(index), n)
		}
		rng.Shuffle(len(index), func(i, j int) { index[i], index[j] = index[j], index[i] })
		chosen = append(chosen, index[:n]...)
	}
	slices.Sort(chosen)
	return d.Select(chosen), nil
}

// Images writes images [lo, hi), normalised, to dst, [hi-lo, Height, Width, Channels], and returns
// it; a nil dst is allocated.
func (d *Dataset) Images(dst *tensor.Tensor, norm Norm, lo, hi int) *tensor.Tensor {
	if lo < 0 || hi < lo || hi > d.Len() {
		panic(fmt.Sprintf("data: Images: [%d, %d) of %d images", lo, hi, d.Len()))
	}
	if dst == nil {
		dst = tensor.New(hi-lo, d.Height, d.Width, d.Channels)
	}
	if want := []int{hi - lo, d.Height, d.Width, d.Channels}; !slices.Equal(dst.Shape(), want) {
		panic(fmt.Sprintf("data: Images: destination %v, images %v", dst.Shape(), want))
	}
	table := norm.table(d.Channels)
	size := d.Height * d.Width * d.Channels
	out := dst.Data()
	for i, p := range d.Pixels[lo*size : hi*size] {
		out[i] = table[i%d.Channels][p]
	}
	return dst
}
