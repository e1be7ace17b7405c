// Package portions is what kernels share when they portion out their work: arithmetic of parts ([Ceil], [RoundUp],
// [Share]), and memory for each that the last call left ([Pool], [Grow]), so that a call allocates nothing once there has
// been one.
package portions

import (
	"sync"

	"github.com/residuum-go/residuum/internal/pages"
)

// Ceil returns a/b rounded up, for any a and positive b: how many parts of b cover a.
func Ceil(a, b int) int {
	if a <= 0 {
		return a / b
	}
	return (a-1)/b + 1 // a + b may be beyond an int
}

// RoundUp returns the least multiple of b that is not below a.
func RoundUp(a, b int) int { return Ceil(a, b) * b }

// Share returns where part i of n begins when a number of things is shared out evenly: number*i/n rounded down. The
// product may be beyond an int of 32 bits.
func Share(number, i, n int) int { return int(int64(number) * int64(i) / int64(n)) }

// Grow returns n elements whose values do not matter: s if it is large enough, else new ones.
func Grow[E any](s []E, n int) []E {
	if cap(s) < n {
		return pages.Make[E](n)
	}
	return s[:n]
}

// Pool keeps values for whoever needs one next, each as it was given back. It is empty at first, and may be used by
// several goroutines.
type Pool[T any] struct{ values sync.Pool }

// Get returns a value that was given back, or else a new one, which is zero.
func (p *Pool[T]) Get() *T {
	if v, ok := p.values.Get().(*T); ok {
		return v
	}
	return new(T)
}

// Put gives a value back. It should refer to nothing that somebody else owns.
func (p *Pool[T]) Put(v *T) { p.values.Put(v) }
