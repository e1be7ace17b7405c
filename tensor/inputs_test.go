package tensor_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/residuum-go/residuum/tensor"
)

// source returns a random source that is the same in every run of the named test.
func source(t testing.TB) *rand.Rand {
	h := uint64(14695981039346656037)
	for _, c := range t.Name() {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(h, 1))
}

// normal returns standard normal numbers.
func normal(r *rand.Rand, shape ...int) *tensor.Tensor {
	a := tensor.New(shape...)
	for i := range a.Data() {
		a.Data()[i] = float32(r.NormFloat64())
	}
	return a
}

// garbage returns a destination full of NaN, so that an element left unwritten shows.
func garbage(shape ...int) *tensor.Tensor { return tensor.Full(float32(math.NaN()), shape...) }

// indices calls f for every index of a shape in row-major order. f must not keep the index.
func indices(shape []int, f func(index []int)) {
	for _, d := range shape {
		if d == 0 {
			return
		}
	}
	index := make([]int, len(shape))
	for {
		f(index)
		i := len(shape) - 1
		for ; i >= 0; i-- {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// broadcastAt reads a at an index of a shape that a broadcasts to.
func broadcastAt(a *tensor.Tensor, index []int) float64 {
	own := make([]int, a.Rank())
	for i := range own {
		if a.Dim(i) != 1 {
			own[i] = index[len(index)-len(own)+i]
		}
	}
	return float64(a.At(own...))
}

// requireNear fails unless got has the elements want, to within tol * max(1, |want|). NaN is near
// NaN, an infinity near itself.
func requireNear(t *testing.T, want []float64, got *tensor.Tensor, tol float64, what ...any) {
	t.Helper()
	if len(want) != got.Len() {
		t.Fatalf("%v: %d elements, want %d", what, got.Len(), len(want))
	}
	for i, w := range want {
		g := float64(got.Data()[i])
		if g == w || g != g && w != w {
			continue
		}
		if !(math.Abs(g-w) <= tol*max(1, math.Abs(w))) || math.IsInf(w, 0) {
			t.Fatalf("%v: shape %v, flat index %d: got %v, want %v", what, got.Shape(), i, g, w)
		}
	}
}

// randomShape returns up to four axes of lengths 0 to 5, zero being rare.
func randomShape(r *rand.Rand) []int {
	shape := make([]int, r.IntN(5))
	for i := range shape {
		if shape[i] = 1 + r.IntN(5); r.IntN(30) == 0 {
			shape[i] = 0
		}
	}
	return shape
}

// repeated returns a shape that broadcasts to the given one: some lengths 1, some axes missing.
func repeated(r *rand.Rand, shape []int) []int {
	s := append([]int(nil), shape...)
	for i := range s {
		if r.IntN(3) == 0 {
			s[i] = 1
		}
	}
	return s[r.IntN(3)*len(s)/4:]
}
