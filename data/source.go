package data

import (
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/tensor"
)

// Source is a set of labelled images of one size, which a [Loader] makes batches of: a [Dataset], whose bytes are in
// memory, or what reads a file when a batch needs it, such as image.Folder. Its methods may be called by several
// goroutines at once.
type Source interface {
	Len() int // images
	NumClasses() int
	Size() (height, width, channels int) // of every image
	Label(i int) int                     // the class of image i, in [0, NumClasses)
	// Read returns the bytes of image i, [height, width, channels], which nobody changes. A source that varies its
	// images for training draws from rng, and from nothing else; without one, they are as for testing.
	Read(i int, rng *rand.Rand) ([]uint8, error)
}

// NumClasses returns Classes.
func (d *Dataset) NumClasses() int { return d.Classes }

// Size returns Height, Width and Channels.
func (d *Dataset) Size() (height, width, channels int) { return d.Height, d.Width, d.Channels }

// Label returns Labels[i].
func (d *Dataset) Label(i int) int { return d.Labels[i] }

// Read returns Image(i) and no error.
func (d *Dataset) Read(i int, _ *rand.Rand) ([]uint8, error) { return d.Image(i), nil }

// Batches yields the images of any source in their order, as [Dataset.Batches] does those in memory. The images of a
// batch are read at the same time, by as many goroutines as there are workers. One that cannot be read ends the sequence
// with a batch that has an Err.
func Batches(source Source, norm Norm, size int) iter.Seq[Batch] {
	if d, ok := source.(*Dataset); ok {
		return d.Batches(norm, size)
	}
	if size < 1 {
		panic(fmt.Sprintf("data: Batches: %d images in each", size))
	}
	return func(yield func(Batch) bool) {
		for lo := 0; lo < source.Len(); lo += size {
			b := readBatch(source, norm, lo, min(lo+size, source.Len()))
			if !yield(b) || b.Err != nil {
				return
			}
		}
	}
}

func readBatch(source Source, norm Norm, lo, hi int) Batch {
	h, w, c := source.Size()
	n := hi - lo
	b := Batch{X: tensor.New(n, h, w, c), Labels: make([]int, n), Index: make([]int, n)}
	errs, table := make([]error, n), norm.table(c)
	parallel.For(n, 1, parallel.Func(func(from, to int) {
		for i := from; i < to; i++ {
			b.Index[i], b.Labels[i] = lo+i, source.Label(lo+i)
			var pixels []uint8
			if pixels, errs[i] = source.Read(lo+i, nil); errs[i] == nil {
				normalise(b.X.Slice(i, i+1).Data(), pixels, table)
			}
		}
	}))
	for _, err := range errs { // the first one in the order of the images
		if err != nil {
			return Batch{Err: err}
		}
	}
	return b
}
