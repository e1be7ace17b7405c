//go:build !purego

package vec

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) (t [cpu.AVX512 + 1]level) {
	t = everywhere(generic)
	t[cpu.NEON] = level{neon, neon} // nothing is written past the caches
	return t
}

var neon = kernels{
	add: addNEON, sub: subNEON, mul: mulNEON, div: divNEON,
	max: maxNEON, addReLU: addReLUNEON, reluGrad: reluGradNEON, abs: absNEON,
	sqrt: sqrtNEON, exp: expNEON, log: logNEON, tanh: tanhNEON,
	sigmoid: sigmoidNEON, erf: erfNEON, relu: reluNEON, step: stepNEON,
	addScalar: addScalarNEON, scale: scaleNEON, addScaled: addScaledNEON,
	fill: fillNEON, addRow: addRowNEON, mulRow: mulRowNEON, scaleShift: scaleShiftNEON,
	scaleShiftReLU: scaleShiftReLUNEON, scaleShiftAdd: scaleShiftAddNEON, scaleShiftAddReLU: scaleShiftAddReLUNEON, normGrad: normGradNEON,
	normGradReLU: normGradReLUNEON, sumRows: sumRowsNEON, statsRows: statsRowsNEON, normGradSums: normGradSumsNEON,
	normGradSumsReLU: normGradSumsReLUNEON, sum: sumNEON, dot: dotNEON, softmax: softmaxNEON,
	logSoftmax: logSoftmaxNEON, maxOf: maxOfNEON, sgdPlain: sgdPlainNEON, sgdMomentum: sgdMomentumNEON,
	sgdNesterov: sgdNesterovNEON, adam: adamNEON,
}
