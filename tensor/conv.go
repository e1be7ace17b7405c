package tensor

// ConvSpec says how a two-dimensional convolution walks over its input: the same stride, zero
// padding and dilation for height and width, and the number of groups that the channels are split
// into. A zero Stride, Dilation or Groups means 1.
type ConvSpec struct{ Stride, Pad, Dilation, Groups int }

func (s ConvSpec) withDefaults() ConvSpec {
	s.Stride, s.Dilation, s.Groups = orOne(s.Stride), orOne(s.Dilation), orOne(s.Groups)
	return s
}

func orOne(n int) int {
	if n == 0 {
		return 1
	}
	return n
}

// Conv2D convolves (in the sense of deep learning: without flipping the kernel)
//
//	y[n,i,j,k] = sum over r,s,c of x[n, i*Stride+r*Dilation-Pad, j*Stride+s*Dilation-Pad, g*C/G+c] * w[r,s,c,k]
//
// where g is the group of output channel k and x is zero outside the image. Shapes: x [N,H,W,C],
// w [R,S,C/G,K], y [N,OH,OW,K] with OH = (H + 2 Pad - Dilation (R-1) - 1) / Stride + 1, rounded down.
func Conv2D(dst, x, w *Tensor, spec ConvSpec) *Tensor {
	const op = "Conv2D"
	g := geometry(op, x.shape, w.shape, spec)
	dst = out(op, dst, []int{g.n, g.oh, g.ow, g.k})
	apart(op, dst, x, w)
	dst.Zero()
	g.walk(func(y, x_, w_ int) { dst.data[y] += x.data[x_] * w.data[w_] })
	return dst
}

// Conv2DInputGrad computes the gradient of [Conv2D] with respect to x from dy, the gradient with
// respect to its result: the adjoint of the convolution as a linear map of x. Shapes: dy
// [N,OH,OW,K], w [R,S,C/G,K], result xShape = [N,H,W,C].
func Conv2DInputGrad(dst, dy, w *Tensor, xShape []int, spec ConvSpec) *Tensor {
	const op = "Conv2DInputGrad"
	g := geometry(op, xShape, w.shape, spec)
	mustBe(op, "dy", dy, g.n, g.oh, g.ow, g.k)
	dst = out(op, dst, xShape)
	apart(op, dst, dy, w)
	dst.Zero()
	g.walk(func(y, x_, w_ int) { dst.data[x_] += dy.data[y] * w.data[w_] })
	return dst
}

// Conv2DWeightGrad computes the gradient of [Conv2D] with respect to w from dy, the gradient with
// respect to its result. Shapes: x [N,H,W,C], dy [N,OH,OW,K], result wShape = [R,S,C/G,K].
func Conv2DWeightGrad(dst, x, dy *Tensor, wShape []int, spec ConvSpec) *Tensor {
	const op = "Conv2DWeightGrad"
	g := geometry(op, x.shape, wShape, spec)
	mustBe(op, "dy", dy, g.n, g.oh, g.ow, g.k)
	dst = out(op, dst, wShape)
	apart(op, dst, x, dy)
	dst.Zero()
	g.walk(func(y, x_, w_ int) { dst.data[w_] += dy.data[y] * x.data[x_] })
	return dst
}

type convGeometry struct {
	n, h, w, c, k, r, s, oh, ow int
	ConvSpec
}

func geometry(op string, x, w []int, spec ConvSpec) convGeometry {
	if len(x) != 4 || len(w) != 4 {
		fail(op, "want x [N H W C] and w [R S C/groups K]", x, w)
	}
	spec = spec.withDefaults()
	if spec.Stride < 0 || spec.Pad < 0 || spec.Dilation < 0 || spec.Groups < 0 {
		fail(op, "negative stride, padding, dilation or groups", x, w)
	}
	if x[3] != w[2]*spec.Groups {
		fail(op, itoa(x[3])+" input channels, weights for "+itoa(w[2])+" x "+itoa(spec.Groups)+" groups", x, w)
	}
	if w[3]%spec.Groups != 0 {
		fail(op, itoa(w[3])+" output channels do not split into "+itoa(spec.Groups)+" groups", x, w)
	}
	g := convGeometry{n: x[0], h: x[1], w: x[2], c: x[3], k: w[3], r: w[0], s: w[1], ConvSpec: spec}
	if g.r == 0 || g.s == 0 {
		fail(op, "empty kernel", x, w)
	}
	spanH, spanW := x[1]+2*spec.Pad-spec.Dilation*(g.r-1)-1, x[2]+2*spec.Pad-spec.Dilation*(g.s-1)-1
	if spanH < 0 || spanW < 0 {
		fail(op, "the kernel is larger than the padded image", x, w)
	}
	g.oh, g.ow = spanH/spec.Stride+1, spanW/spec.Stride+1
	return g
}

func (g convGeometry) walk(f func(y, x, w int)) {
	cg, kg := g.c/g.Groups, g.k/g.Groups
	for n := range g.n {
		for i := range g.oh {
			for j := range g.ow {
				for r := range g.r {
					for s := range g.s {
						yy, xx := i*g.Stride+r*g.Dilation-g.Pad, j*g.Stride+s*g.Dilation-g.Pad
						if yy < 0 || yy >= g.h || xx < 0 || xx >= g.w {
							continue
						}
						for c := range cg {
							for k := range g.k {
								f(((n*g.oh+i)*g.ow+j)*g.k+k, ((n*g.h+yy)*g.w+xx)*g.c+k/kg*cg+c, ((r*g.s+s)*cg+c)*g.k+k)
							}
						}
					}
				}
			}
		}
	}
}
