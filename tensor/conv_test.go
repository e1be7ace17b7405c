package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

// convolution is a case together with its three results by the definition, in float64.
type convolution struct {
	n, h, w, c, k, r, s int
	spec                tensor.ConvSpec

	oh, ow     int
	y, dx, dw  []float64
	xt, wt, dy *tensor.Tensor
}

func (c *convolution) String() string {
	return fmt.Sprintf("x=%dx%dx%dx%d/w=%dx%d/k=%d/%+v", c.n, c.h, c.w, c.c, c.r, c.s, c.k, c.spec)
}

// define computes every product of the definition once and adds it to the three results.
func (c *convolution) define(t *testing.T) {
	one := func(s tensor.HW) tensor.HW { return tensor.HW{H: max(s.H, 1), W: max(s.W, 1)} }
	stride, dilation, pad, groups := one(c.spec.Stride), one(c.spec.Dilation), c.spec.Pad, max(c.spec.Groups, 1)
	c.oh = (c.h+2*pad.H-dilation.H*(c.r-1)-1)/stride.H + 1
	c.ow = (c.w+2*pad.W-dilation.W*(c.s-1)-1)/stride.W + 1
	cg, kg := c.c/groups, c.k/groups
	rnd := source(t)
	c.xt, c.wt = normal(rnd, c.n, c.h, c.w, c.c), normal(rnd, c.r, c.s, cg, c.k)
	c.dy = normal(rnd, c.n, c.oh, c.ow, c.k)
	c.y, c.dx, c.dw = make([]float64, c.dy.Len()), make([]float64, c.xt.Len()), make([]float64, c.wt.Len())
	indices([]int{c.n, c.oh, c.ow, c.r, c.s}, func(at []int) {
		n, i, j, r, s := at[0], at[1], at[2], at[3], at[4]
		ih, iw := i*stride.H+r*dilation.H-pad.H, j*stride.W+s*dilation.W-pad.W
		if ih < 0 || ih >= c.h || iw < 0 || iw >= c.w {
			return
		}
		for k := range c.k {
			for ci := range cg {
				yi, xi, wi := ((n*c.oh+i)*c.ow+j)*c.k+k, ((n*c.h+ih)*c.w+iw)*c.c+k/kg*cg+ci, ((r*c.s+s)*cg+ci)*c.k+k
				x, w, g := float64(c.xt.Data()[xi]), float64(c.wt.Data()[wi]), float64(c.dy.Data()[yi])
				c.y[yi] += x * w
				c.dx[xi] += g * w
				c.dw[wi] += g * x
			}
		}
	})
}

func TestConv2D(t *testing.T) {
	spec := func(stride, pad, dilation, groups int) tensor.ConvSpec {
		return tensor.ConvSpec{Stride: tensor.Both(stride), Pad: tensor.Both(pad), Dilation: tensor.Both(dilation), Groups: groups}
	}
	for _, c := range []*convolution{
		{n: 1, h: 1, w: 1, c: 1, k: 1, r: 1, s: 1},
		{n: 2, h: 7, w: 5, c: 3, k: 16, r: 3, s: 3, spec: spec(1, 1, 1, 1)},
		{n: 1, h: 8, w: 8, c: 16, k: 32, r: 3, s: 3, spec: spec(1, 1, 0, 0)},
		{n: 2, h: 9, w: 9, c: 16, k: 20, r: 3, s: 3, spec: spec(2, 1, 1, 1)},
		{n: 1, h: 8, w: 10, c: 16, k: 33, r: 1, s: 1, spec: spec(2, 0, 1, 1)},
		{n: 3, h: 6, w: 6, c: 17, k: 35, r: 1, s: 1},
		{n: 1, h: 11, w: 9, c: 5, k: 7, r: 3, s: 3, spec: spec(1, 2, 2, 1)},
		{n: 1, h: 12, w: 12, c: 4, k: 6, r: 3, s: 2, spec: spec(3, 3, 3, 1)},
		{n: 2, h: 6, w: 7, c: 8, k: 12, r: 3, s: 3, spec: spec(1, 1, 1, 4)},
		{n: 1, h: 6, w: 7, c: 34, k: 34, r: 3, s: 3, spec: spec(2, 1, 1, 34)},
		{n: 1, h: 14, w: 14, c: 3, k: 18, r: 7, s: 7, spec: spec(2, 3, 1, 1)},
		{n: 1, h: 3, w: 3, c: 2, k: 3, r: 5, s: 5, spec: spec(1, 2, 1, 1)},
		{n: 1, h: 5, w: 4, c: 2, k: 3, r: 1, s: 1, spec: spec(3, 2, 1, 1)},
		{n: 2, h: 6, w: 9, c: 18, k: 32, r: 3, s: 3, spec: tensor.ConvSpec{Pad: tensor.HW{H: 2, W: 0}}},
		{n: 2, h: 9, w: 7, c: 16, k: 32, r: 3, s: 3, spec: tensor.ConvSpec{Stride: tensor.HW{W: 2}, Pad: tensor.HW{H: 1}}},
		{n: 1, h: 9, w: 11, c: 5, k: 7, r: 1, s: 5, spec: tensor.ConvSpec{Pad: tensor.HW{W: 2}}},
		{n: 1, h: 9, w: 11, c: 16, k: 18, r: 5, s: 1, spec: tensor.ConvSpec{Stride: tensor.HW{H: 3}, Pad: tensor.HW{H: 2}}},
		{n: 2, h: 8, w: 9, c: 18, k: 16, r: 1, s: 1, spec: tensor.ConvSpec{Stride: tensor.HW{H: 1, W: 2}}},
		{n: 1, h: 9, w: 12, c: 6, k: 10, r: 3, s: 2, spec: tensor.ConvSpec{
			Stride: tensor.HW{H: 2, W: 3}, Pad: tensor.HW{H: 1, W: 2}, Dilation: tensor.HW{H: 1, W: 3}, Groups: 2,
		}},
		{n: 1, h: 12, w: 9, c: 3, k: 18, r: 4, s: 7, spec: tensor.ConvSpec{
			Stride: tensor.HW{H: 3, W: 2}, Pad: tensor.HW{H: 0, W: 3}, Dilation: tensor.HW{H: 2, W: 1},
		}},
		{n: 0, h: 5, w: 4, c: 2, k: 3, r: 3, s: 3},
		{n: 2, h: 5, w: 4, c: 0, k: 3, r: 3, s: 3},
		{n: 2, h: 5, w: 4, c: 3, k: 0, r: 3, s: 3},
	} {
		t.Run(c.String(), func(t *testing.T) {
			c.define(t)
			kerneltest.EachLevel(t, func(t *testing.T) {
				const tol = 5e-5
				y := tensor.Conv2D(garbage(c.n, c.oh, c.ow, c.k), c.xt, c.wt, c.spec)
				requireNear(t, c.y, y, tol, "y")
				require.True(t, tensor.Equal(y, tensor.Conv2D(nil, c.xt, c.wt, c.spec)))
				xs, ws := c.xt.Shape(), c.wt.Shape()
				requireNear(t, c.dx, tensor.Conv2DInputGrad(garbage(xs...), c.dy, c.wt, xs, c.spec), tol, "dx")
				requireNear(t, c.dw, tensor.Conv2DWeightGrad(garbage(ws...), c.xt, c.dy, ws, c.spec), tol, "dw")
			})
		})
	}
}

func TestConv2DPropagatesNaN(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		x, w := tensor.New(1, 7, 7, 5), tensor.New(3, 3, 5, 18)
		x.Set(float32(math.NaN()), 0, 2, 3, 4)
		y := tensor.Conv2D(nil, x, w, tensor.ConvSpec{Pad: tensor.Both(1)})
		indices(y.Shape(), func(i []int) {
			near := i[1] >= 1 && i[1] <= 3 && i[2] >= 2 && i[2] <= 4
			require.Equal(t, near, math.IsNaN(float64(y.At(i...))), "%v", i)
		})
	})
}
