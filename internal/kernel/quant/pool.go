package quant

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
)

// MaxPool sets the pixels y to the largest of windows of x. The shape is that of a convolution whose kernel is the window;
// bytes of images and results mean the same. Windows must reach into the image.
func MaxPool(s conv.Shape, y, x []uint8) {
	pitch := Pitch(s.C)
	if len(x) != s.N*s.H*s.W*pitch || len(y) != s.N*s.OutH()*s.OutW()*pitch {
		panic(fmt.Sprintf("quant: MaxPool: %d bytes of images and %d of results, for %+v", len(x), len(y), s))
	}
	p := pools.Get()
	p.Shape, p.y, p.x = s, y, x
	parallel.For(s.N*s.OutH(), max(1, 1<<14/max(1, s.OutW()*pitch)), p)
	p.y, p.x = nil, nil
	pools.Put(p)
}

// pooling is the job of [MaxPool].
type pooling struct {
	conv.Shape
	y, x []uint8
}

var pools portions.Pool[pooling]

// Run computes rows lo to hi of the output, counted through the images: first the largest of each column of the window's
// rows, then of neighbouring columns.
func (p *pooling) Run(lo, hi int) {
	pitch := Pitch(p.C)
	w := poolings.Get()
	*w = portions.Grow(*w, p.W*pitch)
	column := *w
	for i := lo; i < hi; i++ {
		image, oh := p.x[i/p.OutH()*p.H*p.W*pitch:][:p.H*p.W*pitch], i%p.OutH()
		first, end := window(oh*p.StrideH-p.PadH, p.R, p.H)
		copy(column, image[first*p.W*pitch:])
		for h := first + 1; h < end; h++ {
			largest(column, image[h*p.W*pitch:][:p.W*pitch])
		}
		for ow := range p.OutW() {
			y := p.y[(i*p.OutW()+ow)*pitch:][:pitch]
			first, end := window(ow*p.StrideW-p.PadW, p.S, p.W)
			copy(y, column[first*pitch:])
			for w := first + 1; w < end; w++ {
				largest(y, column[w*pitch:][:pitch])
			}
		}
	}
	poolings.Put(w)
}

var poolings portions.Pool[[]uint8]

// window returns what of a window of so many pixels from first on is inside of n.
func window(first, pixels, n int) (lo, hi int) { return max(first, 0), min(first+pixels, n) }

// largestRef sets each element of a to the larger of it and b's.
func largestRef(a, b []uint8) {
	b = b[:len(a)]
	for i, v := range b {
		a[i] = max(a[i], v)
	}
}

// GlobalAvgPool sets the rows y of so many channels to the means, as numbers, of images x of pixels each.
func GlobalAvgPool(y []float32, x []uint8, pixels, channels int, p Params) {
	pitch := Pitch(channels)
	if pixels == 0 || len(y)%channels != 0 || len(x) != len(y)/channels*pixels*pitch {
		panic(fmt.Sprintf("quant: GlobalAvgPool: %d bytes and %d means of %d pixels of %d channels", len(x), len(y), pixels, channels))
	}
	by := float64(p.Scale) / float64(pixels)
	const together = 64
	for i := range len(y) / channels {
		image := x[i*pixels*pitch:][:pixels*pitch]
		for first := 0; first < channels; first += together {
			var sums [together]int
			row := y[i*channels+first : i*channels+min(first+together, channels)]
			for at := first; at < len(image); at += pitch {
				for k, q := range image[at:][:len(row)] {
					sums[k] += int(q)
				}
			}
			for k := range row {
				row[k] = float32(float64(sums[k]-pixels*int(p.Zero)) * by)
			}
		}
	}
}
