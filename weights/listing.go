package weights

import (
	"fmt"
	"maps"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// listing is what a file holds without the elements, by names that may be others than those in the file.
type listing struct {
	shapes      map[string][]int
	unsupported map[string]string
	inFile      map[string]string // by the names here
}

func newListing() listing {
	return listing{shapes: map[string][]int{}, unsupported: map[string]string{}, inFile: map[string]string{}}
}

func (f *File) listing() listing {
	l := newListing()
	for name, t := range f.Tensors {
		l.shapes[name], l.inFile[name] = t.Shape(), name
	}
	for name, dtype := range f.Unsupported {
		l.unsupported[name], l.inFile[name] = dtype, name
	}
	return l
}

func (l listing) names() []string { return slices.Sorted(maps.Keys(l.inFile)) }

// rename gives all names new ones. One for which that is "" is an error, and so are two that become the same.
func (l listing) rename(to func(name string) string) (listing, error) {
	renamed := newListing()
	for _, name := range l.names() {
		n := to(name)
		if _, taken := renamed.inFile[n]; taken || n == "" {
			return l, fmt.Errorf("%.80q is not among them", name)
		}
		renamed.inFile[n] = l.inFile[name]
		if shape, ok := l.shapes[name]; ok {
			renamed.shapes[n] = shape
		} else {
			renamed.unsupported[n] = l.unsupported[name]
		}
	}
	return renamed, nil
}

// under returns f with the names of l.
func (f *File) under(l listing) *File {
	to := *f
	to.Tensors, to.Unsupported = map[string]*tensor.Tensor{}, l.unsupported
	for name := range l.shapes {
		to.Tensors[name] = f.Tensors[l.inFile[name]]
	}
	return &to
}
