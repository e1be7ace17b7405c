package data

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/internal/demand"
)

// Dataset is a set of labelled images of one size, held in memory. It is read-only once built and
// may then be shared by any number of loaders.
type Dataset struct {
	Height, Width, Channels int
	Classes                 int
	Pixels                  []uint8 // [Len, Height, Width, Channels]
	Labels                  []int   // in [0, Classes)
}

// New returns d if its fields agree, and a [*residuum.ConfigError] otherwise. Pixels and labels are shared, not
// copied.
func New(d Dataset) (*Dataset, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return &d, nil
}

// check compares the fields with each other.
func (d *Dataset) check() error {
	const of = "data.Dataset"
	if err := demand.All(of,
		demand.That(d.Height >= 1, "Height", d.Height, "want at least 1"),
		demand.That(d.Width >= 1, "Width", d.Width, "want at least 1"),
		demand.That(d.Channels >= 1, "Channels", d.Channels, "want at least 1"),
		demand.That(d.Classes >= 1, "Classes", d.Classes, "want at least 1"),
	); err != nil {
		return err
	}
	shape := fmt.Sprintf("%d labels of %dx%dx%d pixels", len(d.Labels), d.Height, d.Width, d.Channels)
	bytes := fmt.Sprintf("%d bytes", len(d.Pixels))
	need, ok := product(d.Height, d.Width, d.Channels, len(d.Labels))
	if err := demand.All(of,
		demand.That(ok, "Pixels", bytes, shape+" need more bytes than there can be"),
		demand.That(len(d.Pixels) == need, "Pixels", bytes, fmt.Sprintf("want %d for %s", need, shape)),
	); err != nil {
		return err
	}
	if i := slices.IndexFunc(d.Labels, func(l int) bool { return l < 0 || l >= d.Classes }); i >= 0 {
		return &residuum.ConfigError{Struct: of, Field: fmt.Sprintf("Labels[%d]", i), Value: d.Labels[i], Reason: fmt.Sprintf("want a class from 0 to %d", d.Classes-1)}
	}
	return nil
}

// product multiplies sizes. It is not ok if one is negative or a product on the way leaves int.
func product(sizes ...int) (n int, ok bool) {
	n = 1
	for _, s := range sizes {
		if s < 0 {
			return 0, false
		}
		hi, lo := bits.Mul64(uint64(n), uint64(s))
		if hi != 0 || lo > math.MaxInt {
			return 0, false
		}
		n = int(lo)
	}
	return n, true
}

// Len returns the number of images.
func (d *Dataset) Len() int { return len(d.Labels) }

// Image returns the bytes of image i, [Height, Width, Channels]; they are shared.
func (d *Dataset) Image(i int) []uint8 {
	if i < 0 || i >= d.Len() {
		panic(fmt.Sprintf("data: Image: image %d of %d", i, d.Len()))
	}
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
// have in d. It is an error if n is not positive or a class holds fewer than n.
func (d *Dataset) Subset(n int, rng *rand.Rand) (*Dataset, error) {
	if n < 1 {
		return nil, fmt.Errorf("data: Subset: %d images of each class asked for, at least 1 needed", n)
	}
	byClass := make([][]int, d.Classes)
	for i, l := range d.Labels {
		byClass[l] = append(byClass[l], i)
	}
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
