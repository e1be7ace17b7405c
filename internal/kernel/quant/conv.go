package quant

import (
	"fmt"
	"math"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/conv"
	"github.com/residuum-go/residuum/internal/portions"
)

// Conv is a convolution of bytes by weights that do not change, or a matrix product, which is one of images of a pixel. It is
// immutable: any number of goroutines may run it at once.
type Conv struct {
	shape   conv.Shape // of one image
	level   cpu.Level
	weights []int8 // panels
	start   []int32
	mul     []float32
	bias    []float32
	addMul  float32
	lo, hi  float32
	zero    []uint8 // a pixel outside the image
	float   bool    // results are numbers, not bytes

	pointwise bool // output pixels read an input pixel each, in the same order
	height    int
	tiles     []tiling // of an image, unless pointwise
}

// Then is what follows a sum: a bias of each output channel or nil, a sum with bytes where there is Add, and bounds.
type Then struct {
	Bias   []float32
	Add    *Params
	Lo, Hi float32
}

// Fits reports whether a convolution can be computed of bytes: without groups, to more than four
// channels, and so that no sum leaves int32.
func Fits(s conv.Shape) bool {
	return s.Groups == 1 && s.R*s.S*s.C > 0 && s.K > 4 && s.R*s.S <= math.MaxInt32/(255*128)/Pitch(s.C) &&
		s.OutH()*s.OutW() > 0 && s.H*s.W <= math.MaxInt32/max(Pitch(s.C), 1) && s.OutH()*s.OutW() <= math.MaxInt32/Pitch(s.K)
}

// Prepare returns the convolution of images of bytes x by weights w [R,S,C,K], which are rounded to 127 steps on either
// side of zero for each output channel, with results as bytes y or, where that is nil, numbers. The shape must be one that
// [Fits].
func Prepare(s conv.Shape, w []float32, x Params, y *Params, then Then) *Conv {
	if !Fits(s) || len(w) != s.R*s.S*s.C*s.K || then.Bias != nil && len(then.Bias) != s.K || y == nil && then.Add != nil {
		panic(fmt.Sprintf("quant: Prepare: %d weights, a bias of %d, for %+v", len(w), len(then.Bias), s))
	}
	q, scales := weights(w, s.K)
	c := prepare(s, q, x.Zero)
	out := Params{Scale: 1}
	c.lo, c.hi = then.Lo, then.Hi
	if c.float = y == nil; !c.float {
		out = *y
		c.lo = max(then.Lo/out.Scale+float32(out.Zero), 0)
		c.hi = min(then.Hi/out.Scale+float32(out.Zero), 255)
	}
	shift := float64(out.Zero)
	if then.Add != nil {
		c.addMul = then.Add.Scale / out.Scale
		shift -= float64(c.addMul) * float64(then.Add.Zero)
	}
	for k, scale := range scales {
		b := 0.
		if then.Bias != nil {
			b = float64(then.Bias[k])
		}
		c.mul[k] = float32(float64(x.Scale) * float64(scale) / float64(out.Scale))
		c.bias[k] = float32(b/float64(out.Scale) + shift)
	}
	c.plan()
	return c
}

// weights returns the bytes of weights whose last axis are k output channels, and the scale of each.
func weights(w []float32, k int) ([]int8, []float32) {
	scales := make([]float32, k)
	for i, v := range w {
		scales[i%k] = max(scales[i%k], float32(math.Abs(float64(v))))
	}
	for i := range scales {
		if scales[i] /= 127; scales[i] < 0x1p-100 {
			scales[i] = 1
		}
	}
	q := make([]int8, len(w))
	for i, v := range w {
		q[i] = int8(max(-127, min(127, math.RoundToEven(float64(v)/float64(scales[i%k])))))
	}
	return q, scales
}

// prepare packs weights [R,S,C,K] and sums up what the zero point of x adds to each sum.
func prepare(s conv.Shape, w []int8, zero uint8) *Conv {
	s.N = 1
	channels := portions.RoundUp(s.K, panel)
	c := &Conv{shape: s, level: cpu.Active(), start: make([]int32, channels), mul: make([]float32, channels), bias: make([]float32, channels)}
	pitch := Pitch(s.C)
	c.weights = make([]int8, channels*s.R*s.S*pitch)
	for i, v := range w {
		tap, ch, k := i/(s.C*s.K), i/s.K%s.C, i%s.K
		quad := (k/panel*s.R*s.S+tap)*pitch/4 + ch/4
		c.weights[quad*4*panel+k%panel*4+ch%4] = v
		c.start[k] += (kernelsFor(c.level).offset - int32(zero)) * int32(v)
	}
	c.zero = make([]uint8, max(pitch, 16))
	for i := range c.zero {
		c.zero[i] = zero
	}
	return c
}

func (c *Conv) plan() {
	s := c.shape
	c.pointwise = s.R*s.S == 1 && s.StrideH == 1 && s.StrideW == 1 && s.PadH|s.PadW|s.MoreH|s.MoreW == 0
	if !c.pointwise {
		k := kernelsFor(c.level)
		c.height = k.height(s.OutH() * s.OutW())
		pitch := Pitch(s.K)
		if c.float {
			pitch = s.K
		}
		c.tiles = tilings(s, k.heights[c.height].rows, pitch)
	}
}

// Weights returns how many weights there are, and the bytes that they take.
func (c *Conv) Weights() (number, bytes int) {
	s := c.shape
	return s.R * s.S * s.C * s.K, len(c.weights)
}
