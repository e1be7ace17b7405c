package data

import (
	"fmt"
	"iter"

	"github.com/residuum-go/residuum/tensor"
)

// Batch is some examples and their classes: N images [N, Height, Width, Channels] of a [Dataset], normalised, or
// whatever else a network takes.
type Batch struct {
	X      *tensor.Tensor // [N, ...]
	Labels []int          // N classes, counted from 0
	// Targets are shares of the classes that each example shows [N, classes], if a [Loader] mixes images ([Mix]); else
	// nil. Labels then are the classes with the largest shares.
	Targets *tensor.Tensor
	Index   []int // where each example is in its dataset; nil if it has none
	Err     error // why there is nothing else: an image could not be read. Of a [Dataset] it is nil
}

// Batch returns images [lo, hi) of d. They are the caller's.
func (d *Dataset) Batch(norm Norm, lo, hi int) Batch {
	if lo < 0 || hi < lo || hi > d.Len() {
		panic(fmt.Sprintf("data: Batch: [%d, %d) of %d images", lo, hi, d.Len()))
	}
	b := Batch{
		X:      tensor.New(hi-lo, d.Height, d.Width, d.Channels),
		Labels: d.Labels[lo:hi:hi],
		Index:  make([]int, hi-lo),
	}
	size := d.Height * d.Width * d.Channels
	norm.Apply(b.X.Data(), d.Pixels[lo*size:hi*size], d.Channels)
	for i := range b.Index {
		b.Index[i] = lo + i
	}
	return b
}

// Batches yields d in its own order, so many images at a time; the last batch may hold fewer. Each is the caller's
// to keep:
//
//	all := slices.Collect(set.Batches(norm, 250))
func (d *Dataset) Batches(norm Norm, size int) iter.Seq[Batch] {
	if size < 1 {
		panic(fmt.Sprintf("data: Batches: %d images in each", size))
	}
	return func(yield func(Batch) bool) {
		for lo := 0; lo < d.Len(); lo += size {
			if !yield(d.Batch(norm, lo, min(lo+size, d.Len()))) {
				return
			}
		}
	}
}
