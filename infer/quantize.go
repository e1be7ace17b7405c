package infer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// Quantization says how a net becomes one of bytes.
type Quantization struct {
	// Percentile is the share, in percent, of each result's numbers whose magnitudes bytes have to reach; the others become
	// the largest there is. Zero means 100: from the smallest to the largest number that calibration has seen.
	Percentile float64

	// Float names steps that stay in float32, as [Program.String] names them.
	Float []string
}

// Quantize is [Compile] with convolutions and linear layers that multiply bytes: weights are rounded to int8, with a scale
// for each output channel, and what they read to uint8, with a scale and a zero point for each tensor, chosen so that the
// numbers occur which m computes of images [N,H,W,C]. A few hundred images like those to come will do.
//
// Batch norms are multiplied into the weights first. What follows a layer in float32 is as Compile has it, sums are exact
// integers, and results are rounded once. Max pooling goes on in bytes, and global average pooling leaves them; other steps
// compute in float32, between conversions: so do convolutions with groups or with a SiLU behind them, and those to fewer than
// five channels.
//
// Quantize wants memory for the float32 program, which it computes the images with.
func Quantize(ctx context.Context, m nn.Module, images *tensor.Tensor, o Quantization) (*Program, error) {
	q, err := calibrated(ctx, m, images, o)
	if err != nil {
		return nil, fmt.Errorf("infer: Quantize: %w", err)
	}
	return q.program(func(*step) bool { return true }), nil
}

// quantizer makes programs with bytes of the steps of a compiler.
type quantizer struct {
	*compiler
	float  *Program // what Compile gives
	layers []*step  // that can be computed of bytes, and may be
	ranges map[*value]*magnitudes
}

// calibrated returns a quantizer that has seen images.
func calibrated(ctx context.Context, m nn.Module, images *tensor.Tensor, o Quantization) (*quantizer, error) {
	if err := demand.All("infer.Quantization",
		demand.That(o.Percentile >= 0 && o.Percentile <= 100, "Percentile", o.Percentile, "want 0 to 100")); err != nil {
		return nil, err
	}
	if images.Rank() != 4 || images.Dim(0) == 0 {
		return nil, fmt.Errorf("images of shape %v: want N, H, W and C, and some images", images.Shape())
	}
	c, err := lowered(m, images.Shape())
	if err != nil {
		return nil, err
	}
	q := &quantizer{compiler: c, ranges: map[*value]*magnitudes{}}
	if q.float, err = c.program(min(images.Dim(0), together), func(*fusion) {}); err != nil {
		return nil, err
	}
	var names []string
	for _, s := range c.steps {
		names = append(names, s.name)
		if f := c.fused[s]; f != nil && f.quantizable() && !slices.Contains(o.Float, s.name) {
			q.layers = append(q.layers, s)
		}
	}
	for _, name := range o.Float {
		if err := demand.All("infer.Quantization", demand.That(slices.Contains(names, name), "Float", o.Float, fmt.Sprintf("no step is named %q", name))); err != nil {
			return nil, err
		}
	}
	return q, q.observe(ctx, images, o.Percentile)
}

// observe runs the float32 program on images and notes what numbers occur in what may become bytes.
func (q *quantizer) observe(ctx context.Context, images *tensor.Tensor, percentile float64) error {
	for _, v := range q.mayBeBytes() {
		q.ranges[v] = &magnitudes{}
	}
	for _, s := range slices.Backward(q.compiler.steps) { // the same numbers in another shape have no step that is watched
		if m := q.ranges[s.out]; s.alias && m != nil {
			q.ranges[s.in[0]] = m
		}
	}
	note := (*magnitudes).extend
	for range 2 {
		each := func(v *value, numbers []float32) {
			if r := q.ranges[v]; r != nil {
				note(r, numbers)
			}
		}
		if err := q.float.watch(ctx, images, each); err != nil {
			return err
		}
		if percentile == 0 || percentile == 100 {
			break
		}
		note = (*magnitudes).count
	}
	for v, r := range q.ranges {
		if r.invalid {
			return fmt.Errorf("%v is NaN or infinity for these images", v.shape)
		}
		r.cut(percentile)
	}
	return nil
}

// watch computes images and shows every value: the images themselves and what each step gives.
func (p *Program) watch(ctx context.Context, images *tensor.Tensor, each func(v *value, numbers []float32)) error {
	w := p.workspace()
	defer p.giveBack(w)
	for lo := 0; lo < images.Dim(0); lo += p.together {
		x := images.Slice(lo, min(lo+p.together, images.Dim(0)))
		v := w.views(p, x.Dim(0))
		copy(v.input.Data(), x.Data())
		each(p.input, x.Data())
		for _, r := range v.runs {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.step.op.run(w, r.dst, r.in)
			each(r.step.out, r.step.out.numbers(r.dst))
		}
	}
	return nil
}

// magnitudes are what is known of a value's numbers.
type magnitudes struct {
	lo, hi  float32
	invalid bool
	counts  []int // of magnitudes, in equal steps up to the largest
}

// bins is how many steps magnitudes are counted in.
const bins = 4096

func (m *magnitudes) extend(numbers []float32) {
	for _, v := range numbers {
		m.lo, m.hi = min(m.lo, v), max(m.hi, v)
	}
	m.invalid = m.hi-m.lo > math.MaxFloat32 || m.hi != m.hi // min and max pass NaN on
}

func (m *magnitudes) largest() float32 { return max(m.hi, -m.lo) }

func (m *magnitudes) count(numbers []float32) {
	if m.counts == nil {
		m.counts = make([]int, bins)
	}
	by := float64(bins) / max(float64(m.largest()), math.SmallestNonzeroFloat32)
	for _, v := range numbers {
		m.counts[min(int(math.Abs(float64(v))*by), bins-1)]++
	}
}

// cut leaves out the largest magnitudes, if they were counted.
func (m *magnitudes) cut(percentile float64) {
	total := 0
	for _, n := range m.counts {
		total += n
	}
	beyond := int(float64(total) * (1 - percentile/100))
	for i := len(m.counts) - 1; i >= 0; i-- {
		if beyond -= m.counts[i]; beyond < 0 {
			most := m.largest() * float32(i+1) / bins
			m.lo, m.hi = max(m.lo, -most), min(m.hi, most)
			break
		}
	}
	m.counts = nil
}
