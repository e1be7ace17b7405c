package infer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/kernel/vec"
	"github.com/residuum-go/residuum/internal/parallel"
	"github.com/residuum-go/residuum/internal/portions"
	"github.com/residuum-go/residuum/tensor"
)

// fusion is a convolution, linear layer or batch norm and the nodes behind it that become one step with it:
//
//	y = act(scale*conv(x) + bias + add)
//
// each part if it is there. A batch norm, a product and a sum with a number for each channel go into the weights and
// the bias.
type fusion struct {
	first, last *graph.Node
	weights     *tensor.Tensor // as tensor.Conv2D wants them, nil for a batch norm
	spec        tensor.ConvSpec
	linear      bool

	scale, shift []float64 // of each channel
	norm         *tensor.Affine
	add          *graph.Node // or nil
	act          conv.Activation
	lo, hi       float32 // of a Clip
	parts        []string
}

// fuse finds what becomes one step. Earlier nodes have the first choice of what follows.
func (c *compiler) fuse() {
	for _, n := range c.graph.Nodes {
		if c.inside[n] || c.fusions[n] != nil || c.known[n] != nil {
			continue
		}
		f := c.begin(n)
		if f == nil {
			continue
		}
		for next := c.follower(f.last); next != nil && f.take(c, next); next = c.follower(f.last) {
			c.inside[f.last] = true
			f.last = next
		}
		c.fusions[f.last] = f
	}
}

// begin returns the fusion that n begins, or nil.
func (c *compiler) begin(n *graph.Node) *fusion {
	f := &fusion{first: n, last: n}
	switch op := n.Op.(type) {
	case graph.Conv2D:
		f.spec, f.weights = tensor.ConvSpec(op), c.known[n.In[1]]
	case graph.MatMul:
		w := c.known[n.In[1]]
		t := tensor.Transposed(op)
		if w == nil || w.Rank() != 2 || len(n.Shape) != 2 || n.In[0].Shape[0] >= 0 || t != tensor.NN && t != tensor.NT {
			return nil
		}
		if t == tensor.NT {
			w = tensor.Transpose(nil, w, 1, 0)
		}
		f.linear, f.weights = true, w.Reshape(1, 1, w.Dim(0), w.Dim(1))
	case graph.BatchNorm:
		by := affine(op)
		f.norm = &by
		f.parts = []string{"BatchNorm"}
		return f
	default:
		return nil
	}
	if f.weights == nil {
		return nil
	}
	f.parts = []string{f.layer()}
	f.scale, f.shift = make([]float64, f.weights.Dim(3)), make([]float64, f.weights.Dim(3))
	for i := range f.scale {
		f.scale[i] = 1
	}
	return f
}

// layer says what the layer is.
func (f *fusion) layer() string {
	w := f.weights.Shape()
	if f.linear {
		return fmt.Sprintf("Linear %d-%d", w[2], w[3])
	}
	groups := max(1, f.spec.Groups)
	s := fmt.Sprintf("Conv2D %dx%d %d-%d", w[0], w[1], w[2]*groups, w[3])
	if f.spec.Stride.H > 1 || f.spec.Stride.W > 1 {
		s += fmt.Sprintf(" stride %v", f.spec.Stride)
	}
	if groups > 1 {
		s += fmt.Sprintf(" groups %d", groups)
	}
	return s
}

// follower returns the only node that reads n, or nil.
func (c *compiler) follower(n *graph.Node) *graph.Node {
	if r := c.readers[n]; len(r) == 1 && n != c.graph.Output && !c.inside[r[0]] && c.fusions[r[0]] == nil {
		return r[0]
	}
	return nil
}

// take takes the node behind the last one into f, if that can be done.
func (f *fusion) take(c *compiler, n *graph.Node) bool {
	if f.act != conv.Identity {
		return false
	}
	if f.takeActivation(n.Op) {
		f.parts = append(f.parts, n.OpName())
		return true
	}
	if f.add != nil {
		return false
	}
	switch op := n.Op.(type) {
	case graph.BatchNorm:
		return f.takeNorm(op)
	case graph.Scale:
		return f.rescale(func(int) (float64, float64) { return float64(op), 0 })
	case graph.AddScalar:
		return f.rescale(func(int) (float64, float64) { return 1, float64(op) })
	case graph.Binary:
		return f.takeBinary(c, n, op)
	}
	return false
}

func (f *fusion) takeActivation(op graph.Op) bool {
	clip, clips := op.(graph.Clip)
	switch {
	case op == graph.ReLU:
		f.act = conv.ReLU
	case f.norm != nil:
	case op == graph.SiLU:
		f.act = conv.SiLU
	case clips:
		f.act, f.lo, f.hi = conv.Clip, clip.Lo, clip.Hi
	}
	return f.act != conv.Identity
}

func (f *fusion) takeNorm(op graph.BatchNorm) bool {
	by := affine(op)
	center, scale, shift := by.Center.Data(), by.Scale.Data(), by.Shift.Data()
	return f.rescale(func(k int) (float64, float64) {
		return float64(scale[k]), float64(shift[k]) - float64(center[k])*float64(scale[k])
	})
}

// takeBinary takes a sum with a value of the same shape, or a sum or product with a number for each channel.
func (f *fusion) takeBinary(c *compiler, n *graph.Node, op graph.Binary) bool {
	other, swapped := n.In[1], false
	if other == f.last {
		other, swapped = n.In[0], true
	}
	known := c.known[other]
	if known == nil {
		if op != graph.Add || other == f.last || !slices.Equal(other.Shape, n.Shape) {
			return false
		}
		f.add = other
		f.parts = append(f.parts, "Add")
		return true
	}
	channels := n.Shape[len(n.Shape)-1]
	if !slices.Equal(n.Shape, f.last.Shape) || known.Len() != 1 && (known.Len() != channels || known.Dim(-1) != channels) {
		return false
	}
	number := func(k int) float64 { return float64(known.Data()[k%known.Len()]) }
	switch {
	case op == graph.Add:
		return f.rescale(func(k int) (float64, float64) { return 1, number(k) })
	case op == graph.Sub && !swapped:
		return f.rescale(func(k int) (float64, float64) { return 1, -number(k) })
	case op == graph.Mul:
		return f.rescale(func(k int) (float64, float64) { return number(k), 0 })
	}
	return false
}

// rescale puts y*scale + shift behind f, where by gives both for each channel.
func (f *fusion) rescale(by func(channel int) (scale, shift float64)) bool {
	if f.norm != nil {
		return false
	}
	for k := range f.scale {
		scale, shift := by(k)
		f.scale[k] *= scale
		f.shift[k] = f.shift[k]*scale + shift
	}
	return true
}

// operands returns the nodes that f reads.
func (f *fusion) operands() []*graph.Node {
	in := []*graph.Node{f.first.In[0]}
	if f.add != nil {
		in = append(in, f.add)
	}
	return in
}

// op returns what the step does, for a number of images in the way that c's chooser says.
func (f *fusion) op(batch int, c *compiler) (op, error) {
	what := strings.Join(f.parts, " + ")
	if f.norm != nil {
		return &normalisation{what: what, by: *f.norm, relu: f.act == conv.ReLU}, nil
	}
	w, bias := f.folded(&c.scratch)
	s := f.shape(batch)
	a, err := c.by(s, w)
	if err != nil {
		return nil, err
	}
	return &convolution{what: what, by: conv.Prepare(a, s, w), then: conv.Epilogue{Bias: bias, Act: f.act, Lo: f.lo, Hi: f.hi}}, nil
}

// folded returns the weights with the scale of each channel in them, in memory that scratch has, and the bias, which is nil
// where there is none.
func (f *fusion) folded(scratch *[]float32) (w, bias []float32) {
	*scratch = portions.Grow(*scratch, f.weights.Len())
	w = *scratch
	k, from := len(f.scale), f.weights.Data()
	scale := make([]float32, k)
	for i, s := range f.scale {
		scale[i] = float32(s)
	}
	parallel.For(len(w)/max(1, k), max(1, 1<<16/max(1, k)), parallel.Func(func(lo, hi int) {
		for ; lo < hi; lo++ {
			vec.Mul(w[lo*k:][:k], from[lo*k:][:k], scale)
		}
	}))
	if slices.ContainsFunc(f.shift, func(s float64) bool { return s != 0 }) {
		for _, s := range f.shift {
			bias = append(bias, float32(s))
		}
	}
	return w, bias
}

// shape returns that of the convolution of a batch. The rows of a linear layer are images of one pixel.
func (f *fusion) shape(batch int) conv.Shape {
	w, image := f.weights.Shape(), []int{1, 1, f.weights.Dim(2)}
	if !f.linear {
		image = f.first.In[0].Shape[1:]
	}
	return conv.Shape{
		N: batch, H: image[0], W: image[1], C: image[2], K: w[3], R: w[0], S: w[1],
		StrideH: max(1, f.spec.Stride.H), StrideW: max(1, f.spec.Stride.W),
		PadH: f.spec.Pad.H, PadW: f.spec.Pad.W, MoreH: f.spec.MoreAtEnd.H, MoreW: f.spec.MoreAtEnd.W,
		DilationH: max(1, f.spec.Dilation.H), DilationW: max(1, f.spec.Dilation.W), Groups: max(1, f.spec.Groups),
	}
}

// affine returns what a batch norm does by its running statistics.
func affine(n graph.BatchNorm) tensor.Affine {
	c := n.Weight.Value.Len()
	a := tensor.Affine{Center: n.RunningMean.Clone(), Scale: tensor.New(c), Shift: n.Bias.Value.Clone()}
	for i, v := range n.RunningVar.Data() {
		a.Scale.Data()[i] = float32(float64(n.Weight.Value.Data()[i]) / math.Sqrt(float64(v)+float64(n.Eps)))
	}
	return a
}
