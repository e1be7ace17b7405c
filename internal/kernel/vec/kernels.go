package vec

import "github.com/residuum-go/residuum/internal/cpu"

//go:generate go -C ../_asm run ./vec

// kernels is the set of inner loops of one instruction-set level. The functions here split, tile
// and combine; a kernel is one straight loop over what fits in a call.
//
// Calling through a table makes the slices of a caller escape to the heap, but the parallel loops
// do so anyway.
type kernels struct {
	add, sub, mul, div, max, addReLU, reluGrad          func(dst, a, b []float32)
	abs, sqrt, exp, log, tanh, sigmoid, erf, relu, step func(dst, a []float32)
	addScalar, scale                                    func(dst, a []float32, s float32)
	addScaled                                           func(dst, a []float32, s float32, b []float32)
	fill                                                func(dst []float32, v float32)

	addRow, addRowReLU, mulRow       func(dst, x, row []float32)
	scaleShift, scaleShiftReLU       func(dst, x, center, scale, shift []float32)
	scaleShiftAdd, scaleShiftAddReLU func(dst, x, residual, center, scale, shift []float32)
	normGrad                         func(dst, x, g, ag, ax, mean, c []float32)
	normGradReLU                     func(dst, x, g, ag, ax, mean, c, scale, shift []float32)

	sumRows          func(sum []float64, x []float32, rows, stride int)
	statsRows        func(sum, square []float64, x, center []float32, rows, stride int)
	normGradSums     func(sumG, sumGX []float64, x, g, mean []float32, rows, stride int)
	normGradSumsReLU func(sumG, sumGX []float64, x, g, mean, scale, shift []float32, rows, stride int)

	sum   func(a []float32) float64
	dot   func(a, b []float32) float64
	maxOf func(a []float32) float32

	softmax, logSoftmax func(dst, x []float32, rows, c int)

	sgdPlain                 func(p, g []float32, lr, weightDecay float32)
	sgdMomentum, sgdNesterov func(p, g, m []float32, lr, momentum, weightDecay float32)
	adam                     func(p, g, m, v []float32, b1, oneMinusB1, b2, oneMinusB2, eps, rate, root, weightDecay, decay float32)
}

// table has the kernels of every level; levels without their own have the generic ones.
var table = levels(kernels{
	add: AddRef[float32], sub: SubRef[float32], mul: MulRef[float32], div: DivRef[float32],
	max: MaxRef[float32], addReLU: AddReLURef[float32], reluGrad: ReLUGradRef[float32],
	abs: AbsRef[float32], sqrt: SqrtRef[float32], exp: ExpRef[float32], log: LogRef[float32],
	tanh: TanhRef[float32], sigmoid: SigmoidRef[float32], erf: ErfRef[float32],
	relu: ReLURef[float32], step: StepRef[float32],
	addScalar: AddScalarRef[float32], scale: ScaleRef[float32], addScaled: AddScaledRef[float32],
	fill:        FillRef[float32],
	sgdPlain:    sgdPlain,
	sgdMomentum: sgdMomentum, sgdNesterov: sgdNesterov, adam: adam,
	addRow: addRow, addRowReLU: addRowReLU, mulRow: mulRow,
	scaleShift: scaleShift, scaleShiftReLU: scaleShiftReLU,
	scaleShiftAdd: scaleShiftAdd, scaleShiftAddReLU: scaleShiftAddReLU,
	normGrad: normGrad, normGradReLU: normGradReLU,
	sumRows: sumRows, statsRows: statsRows,
	normGradSums: normGradSums, normGradSumsReLU: normGradSumsReLU,
	sum: SumRef[float32], dot: DotRef[float32], maxOf: maxOf,
	softmax: softmax, logSoftmax: logSoftmax,
})

// level has two sets of kernels: one whose results stay in the caches as far as they fit, and one
// that writes large results past them, see [kernelsFor].
type level struct{ cached, streamed kernels }

func active() *kernels { return &table[cpu.Active()].cached }

// streamLen is from how many elements on a result is written past the caches. With its input it
// then fills 32 MiB, so that whoever reads it next will not find its beginning in a cache anyway, and
// the write need not fetch the lines first.
const streamLen = 4 << 20

// kernelsFor returns the kernels for a result in dst. Lines that are read through dst as an input
// are in the cache already: then nothing is gained.
func kernelsFor(dst []float32, inputs ...[]float32) *kernels {
	l := &table[cpu.Active()]
	if len(dst) < streamLen {
		return &l.cached
	}
	for _, in := range inputs {
		if len(in) > 0 && &in[0] == &dst[0] {
			return &l.cached
		}
	}
	return &l.streamed
}

// everywhere is the table of a build without assembly.
func everywhere(generic kernels) (t [cpu.AVX512 + 1]level) {
	for l := range t {
		t[l] = level{generic, generic}
	}
	return t
}
