package autograd

import (
	"math"

	"github.com/residuum-go/residuum/tensor"
)

// resizes are the rows of Resize in the table of ops, and of what is made of it.
func resizes() (rows []op) {
	larger, smaller := tensor.HW{H: 8, W: 5}, tensor.HW{H: 2, W: 3}
	for _, by := range []struct {
		name string
		by   tensor.Interpolation
	}{{"nearest", tensor.Nearest}, {"bilinear", tensor.Bilinear}, {"corners", tensor.BilinearCorners}, {"area", tensor.Area}} {
		for name, size := range map[string]tensor.HW{"larger": larger, "smaller": smaller} {
			rows = append(rows, op{name: "Resize", with: by.name + " " + name, shapes: images,
				f:   func(v []*Var) *Var { return Resize(v[0], size, by.by) },
				ref: func(a []array) array { return a[0].resize(size, by.by) }})
		}
		rows = append(rows, op{name: "resizeGrad", with: by.name, shapes: []string{"2x2x3x3"},
			f:   func(v []*Var) *Var { return resizeGrad(v[0], []int{2, 5, 2, 3}, by.by) },
			ref: adjoint([]int{2, 5, 2, 3}, func(x array) array { return x.resize(smaller, by.by) })})
	}
	for name, size := range map[string]tensor.HW{"one": tensor.Both(1), "own": {H: 5, W: 4}, "7x2": {H: 7, W: 2}} {
		rows = append(rows, op{name: "AdaptiveAvgPool2D", with: name, shapes: images[:1],
			f:   func(v []*Var) *Var { return AdaptiveAvgPool2D(v[0], size) },
			ref: func(a []array) array { return a[0].resize(size, tensor.Area) }})
	}
	return rows
}

// resize weighs all pixels for each of the result.
func (a array) resize(size tensor.HW, by tensor.Interpolation) array {
	y := zeros(a.shape[0], size.H, size.W, a.shape[3])
	index(y.shape, func(at []int) {
		for h := range a.shape[1] {
			for w := range a.shape[2] {
				part := share(by, at[1], h, a.shape[1], size.H) * share(by, at[2], w, a.shape[2], size.W)
				*y.at(at...) += part * *a.at(at[0], h, w, at[3])
			}
		}
	})
	return y
}

// share is the weight of pixel i of n in pixel o of out.
func share(by tensor.Interpolation, o, i, n, out int) float64 {
	ratio := float64(n) / float64(out)
	where := (float64(o)+0.5)*ratio - 0.5
	switch first := o * n / out; by {
	case tensor.Nearest:
		if i == first {
			return 1
		}
		return 0
	case tensor.Area:
		end := (o*n + n + out - 1) / out
		if i >= first && i < end {
			return 1 / float64(end-first)
		}
		return 0
	case tensor.BilinearCorners:
		where = float64(o) * float64(n-1) / math.Max(float64(out-1), 1)
	}
	where = min(max(where, 0), float64(n-1))
	return max(0, 1-math.Abs(where-float64(i)))
}
