package tensor_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
	"github.com/residuum-go/residuum/tensor"
)

type pooling struct {
	n, h, w, c int
	spec       tensor.PoolSpec
}

func (p pooling) String() string { return fmt.Sprintf("%dx%dx%dx%d/%+v", p.n, p.h, p.w, p.c, p.spec) }

func (p pooling) shape() []int {
	s, stride := p.spec, p.stride()
	return []int{p.n, p.windows(p.h, s.Size.H, stride.H, s.Pad.H, s.MoreAtEnd.H, s.Dilation.H),
		p.windows(p.w, s.Size.W, stride.W, s.Pad.W, s.MoreAtEnd.W, s.Dilation.W), p.c}
}

// windows counts those that fit along an axis of n pixels, or with Ceil those that begin in it or in front of it and are
// needed to reach its padded end.
func (p pooling) windows(n, size, stride, pad, more, dilation int) (count int) {
	end, reach := n+pad+more, (size-1)*max(dilation, 1)+1
	for at := -pad; at+reach <= end || p.spec.Ceil && at < n && at-stride+reach < end; at += stride {
		count++
	}
	return count
}

func (p pooling) stride() tensor.HW {
	s := p.spec.Stride
	if s.H == 0 {
		s.H = p.spec.Size.H
	}
	if s.W == 0 {
		s.W = p.spec.Size.W
	}
	return s
}

// window calls f with the flat index in x of every element that output element y covers.
func (p pooling) window(y []int, f func(x int)) {
	stride, pad, dilation := p.stride(), p.spec.Pad, p.spec.Dilation
	for r := range p.spec.Size.H {
		for s := range p.spec.Size.W {
			h, w := y[1]*stride.H+r*max(dilation.H, 1)-pad.H, y[2]*stride.W+s*max(dilation.W, 1)-pad.W
			if h >= 0 && h < p.h && w >= 0 && w < p.w {
				f(((y[0]*p.h+h)*p.w+w)*p.c + y[3])
			}
		}
	}
}

// counts returns how many pixels the average of output element y is over.
func (p pooling) counts(y []int) float64 {
	stride, pad, more, n := p.stride(), p.spec.Pad, p.spec.MoreAtEnd, 0
	for r := range p.spec.Size.H {
		for s := range p.spec.Size.W {
			h, w := y[1]*stride.H+r-pad.H, y[2]*stride.W+s-pad.W
			inside := h >= 0 && h < p.h && w >= 0 && w < p.w
			if inside || !p.spec.ExcludePad && h < p.h+pad.H+more.H && w < p.w+pad.W+more.W {
				n++
			}
		}
	}
	return float64(n)
}

var poolings = []pooling{
	{1, 1, 1, 1, tensor.PoolSpec{Size: tensor.Both(1)}},
	{2, 4, 6, 16, tensor.PoolSpec{Size: tensor.Both(2)}},
	{2, 7, 9, 35, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1)}},
	{1, 8, 5, 3, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(1), Pad: tensor.Both(1)}},
	{3, 9, 8, 17, tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.Both(3)}},
	{2, 5, 5, 4, tensor.PoolSpec{Size: tensor.Both(5)}},
	{2, 5, 9, 17, tensor.PoolSpec{Size: tensor.HW{H: 1, W: 3}}},
	{2, 9, 6, 16, tensor.PoolSpec{Size: tensor.HW{H: 4, W: 2}, Stride: tensor.HW{H: 2}, Pad: tensor.HW{H: 2, W: 1}}},
	{1, 7, 8, 35, tensor.PoolSpec{Size: tensor.HW{H: 2, W: 5}, Stride: tensor.HW{H: 3, W: 1}, Pad: tensor.HW{W: 2}}},
	{2, 6, 7, 16, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), MoreAtEnd: tensor.HW{H: 1}}},
	{1, 6, 7, 5, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), MoreAtEnd: tensor.HW{H: -1, W: 1}}},
	{2, 6, 7, 17, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Ceil: true}},
	{1, 4, 6, 3, tensor.PoolSpec{Size: tensor.Both(2), Stride: tensor.HW{H: 3, W: 5}, Pad: tensor.Both(1), Ceil: true}},
	{1, 6, 5, 3, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), ExcludePad: true}},
	{2, 7, 8, 16, tensor.PoolSpec{Size: tensor.HW{H: 3, W: 4}, Stride: tensor.Both(3), Pad: tensor.HW{H: 2, W: 1},
		MoreAtEnd: tensor.HW{H: -1, W: 2}, Ceil: true, ExcludePad: true}},
	{0, 5, 5, 4, tensor.PoolSpec{Size: tensor.Both(2)}},
	{2, 5, 5, 0, tensor.PoolSpec{Size: tensor.Both(2)}},
}

var dilatedPoolings = []pooling{
	{2, 7, 8, 5, tensor.PoolSpec{Size: tensor.HW{H: 2, W: 3}, Stride: tensor.Both(1), Dilation: tensor.HW{H: 3, W: 2}}},
	{1, 7, 6, 17, tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(2), Pad: tensor.Both(1), Dilation: tensor.Both(2), Ceil: true}},
}

func TestMaxPool2D(t *testing.T) {
	for _, p := range append(dilatedPoolings, poolings...) {
		t.Run(p.String(), func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				r := source(t)
				x := normal(r, p.n, p.h, p.w, p.c)
				for i := range x.Data() { // few different values, so that maxima tie
					x.Data()[i] = float32(math.Round(float64(x.Data()[i] * 2)))
				}
				g, h := normal(r, p.shape()...), normal(r, x.Shape()...)
				want, wantIdx := make([]float64, g.Len()), make([]int32, g.Len())
				dx, gathered := make([]float64, x.Len()), make([]float64, g.Len())
				i := 0
				indices(p.shape(), func(y []int) {
					want[i] = math.Inf(-1)
					p.window(y, func(at int) {
						if v := float64(x.Data()[at]); v > want[i] {
							want[i], wantIdx[i] = v, int32(at)
						}
					})
					dx[wantIdx[i]] += float64(g.Data()[i])
					gathered[i] = float64(h.Data()[wantIdx[i]])
					i++
				})
				y, idx := tensor.MaxPool2D(nil, nil, x, p.spec)
				require.Equal(t, p.shape(), y.Shape())
				requireNear(t, want, y, 0)
				require.Equal(t, wantIdx, idx)
				y, idx = tensor.MaxPool2D(garbage(p.shape()...), make([]int32, g.Len()), x, p.spec)
				requireNear(t, want, y, 0)
				requireNear(t, dx, tensor.MaxPool2DGrad(garbage(x.Shape()...), g, idx, x.Shape(), p.spec), 1e-6)
				requireNear(t, gathered, tensor.MaxPool2DGather(garbage(p.shape()...), h, idx, p.shape()), 0)
			})
		})
	}
}

func TestAvgPool2D(t *testing.T) {
	for _, p := range poolings {
		t.Run(p.String(), func(t *testing.T) {
			kerneltest.EachLevel(t, func(t *testing.T) {
				r := source(t)
				x, g := normal(r, p.n, p.h, p.w, p.c), normal(r, p.shape()...)
				want, dx := make([]float64, g.Len()), make([]float64, x.Len())
				i := 0
				indices(p.shape(), func(y []int) {
					area := p.counts(y)
					p.window(y, func(at int) {
						want[i] += float64(x.Data()[at]) / area
						dx[at] += float64(g.Data()[i]) / area
					})
					i++
				})
				requireNear(t, want, tensor.AvgPool2D(nil, x, p.spec), 1e-6)
				requireNear(t, want, tensor.AvgPool2D(garbage(p.shape()...), x, p.spec), 1e-6)
				requireNear(t, dx, tensor.AvgPool2DGrad(garbage(x.Shape()...), g, x.Shape(), p.spec), 1e-6)
			})
		})
	}
}

func TestGlobalAvgPool(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		r := source(t)
		for _, s := range [][]int{{2, 3, 4, 5}, {1, 1, 1, 1}, {3, 8, 8, 64}, {0, 2, 2, 3}} {
			x, g := normal(r, s...), normal(r, s[0], s[3])
			pixels := s[1] * s[2]
			mean, dx := make([]float64, g.Len()), make([]float64, x.Len())
			for i, v := range x.Data() {
				at := i/(pixels*s[3])*s[3] + i%s[3]
				mean[at] += float64(v) / float64(pixels)
				dx[i] = float64(g.Data()[at]) / float64(pixels)
			}
			requireNear(t, mean, tensor.GlobalAvgPool(garbage(s[0], s[3]), x), 1e-6, s)
			requireNear(t, dx, tensor.GlobalAvgPoolGrad(garbage(s...), g, s), 1e-6, s)
		}
	})
}

func TestMaxPool2DPropagatesNaN(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		x := normal(source(t), 1, 4, 4, 20)
		x.Set(float32(math.NaN()), 0, 1, 2, 7)
		y, idx := tensor.MaxPool2D(nil, nil, x, tensor.PoolSpec{Size: tensor.Both(2)})
		require.True(t, math.IsNaN(float64(y.At(0, 0, 1, 7))))
		require.EqualValues(t, (1*4+2)*20+7, idx[20+7])
	})
}

func TestAveragesOfLargeNumbers(t *testing.T) {
	const huge = float32(3e38)
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, c := range []int{1, 5, 16, 40} {
			x := tensor.Full(huge, 2, 6, 6, c)
			for _, v := range tensor.GlobalAvgPool(nil, x).Data() {
				require.Equal(t, huge, v)
			}
			for _, spec := range []tensor.PoolSpec{{Size: tensor.Both(2)}, {Size: tensor.Both(3), Stride: tensor.Both(1)}, {Size: tensor.Both(5)}, {Size: tensor.Both(6)}} {
				for _, v := range tensor.AvgPool2D(nil, x, spec).Data() {
					require.InEpsilon(t, huge, v, 1e-6, "%+v", spec)
				}
			}
			spec := tensor.PoolSpec{Size: tensor.Both(3), Stride: tensor.Both(1), Pad: tensor.Both(1)} // an inner pixel lies in nine windows
			dx := tensor.AvgPool2DGrad(nil, x, x.Shape(), spec)
			require.InEpsilon(t, huge, dx.At(1, 3, 3, c-1), 1e-6)
		}
	})
}
