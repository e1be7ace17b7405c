package infer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/graph"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/kernel/quant"
	"github.com/residuum-go/residuum/tensor"
)

// byteConvolution is a convolution or linear layer of bytes, and what follows it. Its operands are as those of a convolution.
type byteConvolution struct {
	what    string
	by      *quant.Conv
	numbers bool // the result is
}

func (c *byteConvolution) run(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
	x := quant.Bytes(in[0].Data())
	if c.numbers {
		c.by.RunFloat(dst.Data(), x, in[0].Dim(0))
		return
	}
	var add []uint8
	if len(in) > 1 {
		add = quant.Bytes(in[1].Data())
	}
	c.by.Run(quant.Bytes(dst.Data()), x, add, in[0].Dim(0))
}

func (c *byteConvolution) overwrites() int { return 1 }
func (c *byteConvolution) String() string  { return c.what }
func (c *byteConvolution) way() string     { return "bytes" }

func (c *byteConvolution) weights() (number, bytes int) { return c.by.Weights() }

// quantizable reports whether there is a byteConvolution for f.
func (f *fusion) quantizable() bool {
	return f.norm == nil && f.act != conv.SiLU && quant.Fits(f.shape(1))
}

// ofBytes returns f for operands and a result of bytes; without params for y, for a result of numbers.
func (f *fusion) ofBytes(scratch *[]float32, x quant.Params, add, y *quant.Params) *byteConvolution {
	w, bias := f.folded(scratch)
	then := quant.Then{Bias: bias, Add: add}
	then.Lo, then.Hi = (&conv.Epilogue{Act: f.act, Lo: f.lo, Hi: f.hi}).Bounds()
	return &byteConvolution{strings.Join(f.parts, " + "), quant.Prepare(f.shape(1), w, x, y, then), y == nil}
}

// forms are what a value of the float32 program is in one with bytes: either, or both.
type forms struct{ numbers, bytes *value }

// rewriting makes the steps of a program with bytes.
type rewriting struct {
	*quantizer
	of    map[*step]*fusion // layers to be computed of bytes
	uses  map[*value]*uses
	forms map[*value]*forms
	steps []*step
}

// uses says what the readers of a value want it to be.
type uses struct{ numbers, bytes, any bool }

// program returns the one in which those layers multiply bytes that want says.
func (q *quantizer) program(want func(*step) bool) *Program {
	r := &rewriting{quantizer: q, of: map[*step]*fusion{}, forms: map[*value]*forms{}}
	for _, s := range q.layers {
		if want(s) {
			r.of[s] = q.fused[s]
		}
	}
	r.uses = q.usesOf(r.of)
	input, output := q.values[q.graph.Input], q.values[q.graph.Output]
	r.forms[input] = &forms{numbers: again(input)}
	for _, s := range q.compiler.steps {
		r.rewrite(s)
	}
	out := r.numbers(output)
	p := newProgram(r.forms[input].numbers, out, r.steps, q.float.together)
	p.plan(r.steps)
	return p
}

// mayBeBytes returns the values that are bytes in some program.
func (q *quantizer) mayBeBytes() (values []*value) {
	of := map[*step]*fusion{}
	for _, s := range q.layers {
		of[s] = q.fused[s]
	}
	for v, u := range q.usesOf(of) {
		if u.bytes || u.any {
			values = append(values, v)
		}
	}
	return values
}

// usesOf returns how values are used if some layers read bytes.
func (q *quantizer) usesOf(of map[*step]*fusion) map[*value]*uses {
	all := map[*value]*uses{}
	get := func(v *value) *uses {
		if all[v] == nil {
			all[v] = &uses{}
		}
		return all[v]
	}
	get(q.values[q.graph.Output]).numbers = true
	for _, s := range slices.Backward(q.compiler.steps) {
		out := get(s.out)
		if of[s] != nil && len(s.in) > 1 {
			out.any = true // what has a sum in it is rounded at once
		}
		for _, v := range s.in {
			switch op := q.nodes[s].Op.(type) {
			case graph.GlobalAvgPool:
				get(v).any = true
			case graph.MaxPool2D:
				get(v).bytes = get(v).bytes || out.bytes && poolable(op)
				get(v).numbers = get(v).numbers || !(out.bytes && poolable(op))
			default:
				get(v).bytes = get(v).bytes || of[s] != nil
				get(v).numbers = get(v).numbers || of[s] == nil
			}
		}
	}
	return all
}

// rewrite appends what computes the value of step s.
func (r *rewriting) rewrite(s *step) {
	u := r.uses[s.out]
	f := r.of[s]
	asBytes := u.bytes || u.any && f != nil
	params := r.params(s.out)
	t := &step{name: s.name, op: s.op, alias: s.alias, multiplyAdds: s.multiplyAdds}
	in, _ := r.forms[s.in[0]]
	switch op := r.nodes[s].Op.(type) {
	case graph.MaxPool2D:
		if asBytes = asBytes && poolable(op) && in.bytes != nil; asBytes {
			params = in.bytes.bytes
			t.op, t.in = maxPool(op, s.in[0].shape, s.out.shape), []*value{in.bytes}
		}
	case graph.GlobalAvgPool:
		if asBytes = false; in.bytes != nil {
			t.op, t.in = globalAvgPool(in.bytes), []*value{in.bytes}
		}
	default:
		if f == nil {
			asBytes = false
			break
		}
		for _, v := range s.in {
			t.in = append(t.in, r.bytes(v))
		}
		var add *quant.Params
		if len(t.in) > 1 {
			add = t.in[1].bytes
		}
		if !asBytes {
			params = nil
		}
		t.op = f.ofBytes(&r.scratch, *t.in[0].bytes, add, params)
	}
	if t.in == nil {
		for _, v := range s.in {
			t.in = append(t.in, r.numbers(v))
		}
	}
	if r.forms[s.out] = new(forms); asBytes {
		t.out = bytesOf(s.out, params)
		r.forms[s.out].bytes = t.out
	} else {
		t.out = again(s.out)
		r.forms[s.out].numbers = t.out
	}
	r.steps = append(r.steps, t)
}

// params returns those for what calibration has seen of a value, nil if it was not looked at.
func (r *rewriting) params(v *value) *quant.Params {
	if m := r.ranges[v]; m != nil {
		p := quant.Between(m.lo, m.hi)
		return &p
	}
	return nil
}

// numbers returns v as numbers, made of bytes if need be.
func (r *rewriting) numbers(v *value) *value {
	if v.known != nil {
		return v
	}
	f := r.forms[v]
	if f.numbers == nil {
		f.numbers = again(v)
		p, channels := *f.bytes.bytes, v.channels()
		r.convert("Dequantize", f.bytes, f.numbers, func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			quant.Dequantize(dst.Data(), quant.Bytes(in[0].Data()), channels, p)
		})
	}
	return f.numbers
}

// bytes returns v as bytes, made of numbers if need be.
func (r *rewriting) bytes(v *value) *value {
	f := r.forms[v]
	if f.bytes == nil {
		f.bytes = bytesOf(v, r.params(v))
		p, channels := *f.bytes.bytes, v.channels()
		r.convert("Quantize", f.numbers, f.bytes, func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
			quant.Quantize(quant.Bytes(dst.Data()), in[0].Data(), channels, p)
		})
	}
	return f.bytes
}

func (r *rewriting) convert(what string, from, to *value, call kernel) {
	to.converted = true
	name := "input"
	if i := slices.IndexFunc(r.steps, func(s *step) bool { return s.out == from }); i >= 0 {
		name = r.steps[i].name
	}
	r.steps = append(r.steps, &step{name: name, op: &function{what: what, call: call}, in: []*value{from}, out: to})
}

// again returns v with a buffer of its own.
func again(v *value) *value {
	return &value{shape: v.shape, known: v.known, in: &buffer{size: v.in.size}, of: v}
}

// bytesOf returns a value of bytes for v. In the workspace it is words of four bytes.
func bytesOf(v *value, p *quant.Params) *value {
	words := quant.Pitch(v.channels()) / 4
	for _, d := range v.shape[1 : len(v.shape)-1] {
		words *= d
	}
	return &value{shape: []int{v.shape[0], words}, in: &buffer{size: -v.shape[0] * words}, bytes: p, of: v}
}

func (v *value) channels() int { return v.shape[len(v.shape)-1] }

// numbers returns what a view of v stands for.
func (v *value) numbers(view *tensor.Tensor) []float32 {
	if v.bytes == nil {
		return view.Data()
	}
	bytes := quant.Bytes(view.Data())
	numbers := make([]float32, len(bytes)/quant.Pitch(v.of.channels())*v.of.channels())
	quant.Dequantize(numbers, bytes, v.of.channels(), *v.bytes)
	return numbers
}

// poolable reports whether bytes can be pooled so.
func poolable(op graph.MaxPool2D) bool { return op.Dilation.H <= 1 && op.Dilation.W <= 1 }

// maxPool returns a max pooling of bytes.
func maxPool(op graph.MaxPool2D, in, out []int) *function {
	s := conv.Shape{H: in[1], W: in[2], C: in[3], R: op.Size.H, S: op.Size.W, StrideH: op.Stride.H, StrideW: op.Stride.W,
		PadH: op.Pad.H, PadW: op.Pad.W, DilationH: 1, DilationW: 1, Groups: 1}
	if s.StrideH == 0 && s.StrideW == 0 {
		s.StrideH, s.StrideW = s.R, s.S
	}
	s.MoreH = (out[1]-1)*s.StrideH + s.R - s.H - 2*s.PadH // windows that reach out of the image end with it
	s.MoreW = (out[2]-1)*s.StrideW + s.S - s.W - 2*s.PadW
	return &function{what: fmt.Sprintf("MaxPool2D %v", op.Size), call: func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
		s := s
		s.N = dst.Dim(0)
		quant.MaxPool(s, quant.Bytes(dst.Data()), quant.Bytes(in[0].Data()))
	}}
}

// globalAvgPool returns that of a value of bytes, whose result is numbers.
func globalAvgPool(v *value) *function {
	pixels, channels, p := v.of.shape[1]*v.of.shape[2], v.of.channels(), *v.bytes
	return &function{what: "GlobalAvgPool", call: func(_ *workspace, dst *tensor.Tensor, in []*tensor.Tensor) {
		quant.GlobalAvgPool(dst.Data(), quant.Bytes(in[0].Data()), pixels, channels, p)
	}}
}
