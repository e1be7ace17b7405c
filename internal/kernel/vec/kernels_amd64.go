//go:build !purego

package vec

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) (t [cpu.AVX512 + 1]level) {
	t = everywhere(generic)
	t[cpu.AVX2], t[cpu.AVX512] = avx2, avx512
	return t
}

var avx2 = level{
	cached: kernels{
		add: addAVX2, sub: subAVX2, mul: mulAVX2, div: divAVX2,
		max: maxAVX2, addReLU: addReLUAVX2, reluGrad: reluGradAVX2, abs: absAVX2,
		sqrt: sqrtAVX2, exp: expAVX2, log: logAVX2, tanh: tanhAVX2,
		sigmoid: sigmoidAVX2, erf: erfAVX2, relu: reluAVX2, step: stepAVX2,
		addScalar: addScalarAVX2, scale: scaleAVX2, addScaled: addScaledAVX2,
		fill: fillAVX2, addRow: addRowAVX2, addRowReLU: addRowReLUAVX2, mulRow: mulRowAVX2, scaleShift: scaleShiftAVX2,
		scaleShiftReLU: scaleShiftReLUAVX2, scaleShiftAdd: scaleShiftAddAVX2, scaleShiftAddReLU: scaleShiftAddReLUAVX2, normGrad: normGradAVX2,
		normGradReLU: normGradReLUAVX2, sumRows: sumRowsAVX2, statsRows: statsRowsAVX2, normGradSums: normGradSumsAVX2,
		normGradSumsReLU: normGradSumsReLUAVX2, sum: sumAVX2, dot: dotAVX2, softmax: softmaxAVX2,
		logSoftmax: logSoftmaxAVX2, maxOf: maxOfAVX2, sgdPlain: sgdPlainAVX2, sgdMomentum: sgdMomentumAVX2,
		sgdNesterov: sgdNesterovAVX2, adam: adamAVX2,
	},
	streamed: kernels{
		add: addStreamAVX2, sub: subStreamAVX2, mul: mulStreamAVX2, div: divStreamAVX2,
		max: maxStreamAVX2, addReLU: addReLUStreamAVX2, reluGrad: reluGradStreamAVX2, abs: absStreamAVX2,
		sqrt: sqrtStreamAVX2, exp: expStreamAVX2, log: logStreamAVX2, tanh: tanhStreamAVX2,
		sigmoid: sigmoidStreamAVX2, erf: erfStreamAVX2, relu: reluStreamAVX2, step: stepStreamAVX2,
		addScalar: addScalarStreamAVX2, scale: scaleStreamAVX2, addScaled: addScaledStreamAVX2,
		fill: fillStreamAVX2, addRow: addRowStreamAVX2, addRowReLU: addRowReLUStreamAVX2, mulRow: mulRowStreamAVX2, scaleShift: scaleShiftStreamAVX2,
		scaleShiftReLU: scaleShiftReLUStreamAVX2, scaleShiftAdd: scaleShiftAddStreamAVX2, scaleShiftAddReLU: scaleShiftAddReLUStreamAVX2, normGrad: normGradStreamAVX2,
		normGradReLU: normGradReLUStreamAVX2, sumRows: sumRowsAVX2, statsRows: statsRowsAVX2, normGradSums: normGradSumsAVX2,
		normGradSumsReLU: normGradSumsReLUAVX2, sum: sumAVX2, dot: dotAVX2, softmax: softmaxAVX2,
		logSoftmax: logSoftmaxAVX2, maxOf: maxOfAVX2, sgdPlain: sgdPlainAVX2, sgdMomentum: sgdMomentumAVX2,
		sgdNesterov: sgdNesterovAVX2, adam: adamAVX2,
	},
}

var avx512 = level{
	cached: kernels{
		add: addAVX512, sub: subAVX512, mul: mulAVX512, div: divAVX512,
		max: maxAVX512, addReLU: addReLUAVX512, reluGrad: reluGradAVX512, abs: absAVX512,
		sqrt: sqrtAVX512, exp: expAVX512, log: logAVX512, tanh: tanhAVX512,
		sigmoid: sigmoidAVX512, erf: erfAVX512, relu: reluAVX512, step: stepAVX512,
		addScalar: addScalarAVX512, scale: scaleAVX512, addScaled: addScaledAVX512,
		fill: fillAVX512, addRow: addRowAVX512, addRowReLU: addRowReLUAVX512, mulRow: mulRowAVX512, scaleShift: scaleShiftAVX512,
		scaleShiftReLU: scaleShiftReLUAVX512, scaleShiftAdd: scaleShiftAddAVX512, scaleShiftAddReLU: scaleShiftAddReLUAVX512, normGrad: normGradAVX512,
		normGradReLU: normGradReLUAVX512, sumRows: sumRowsAVX512, statsRows: statsRowsAVX512, normGradSums: normGradSumsAVX512,
		normGradSumsReLU: normGradSumsReLUAVX512, sum: sumAVX512, dot: dotAVX512, softmax: softmaxAVX512,
		logSoftmax: logSoftmaxAVX512, maxOf: maxOfAVX512, sgdPlain: sgdPlainAVX512, sgdMomentum: sgdMomentumAVX512,
		sgdNesterov: sgdNesterovAVX512, adam: adamAVX512,
	},
	streamed: kernels{
		add: addStreamAVX512, sub: subStreamAVX512, mul: mulStreamAVX512, div: divStreamAVX512,
		max: maxStreamAVX512, addReLU: addReLUStreamAVX512, reluGrad: reluGradStreamAVX512, abs: absStreamAVX512,
		sqrt: sqrtStreamAVX512, exp: expStreamAVX512, log: logStreamAVX512, tanh: tanhStreamAVX512,
		sigmoid: sigmoidStreamAVX512, erf: erfStreamAVX512, relu: reluStreamAVX512, step: stepStreamAVX512,
		addScalar: addScalarStreamAVX512, scale: scaleStreamAVX512, addScaled: addScaledStreamAVX512,
		fill: fillStreamAVX512, addRow: addRowStreamAVX512, addRowReLU: addRowReLUStreamAVX512, mulRow: mulRowStreamAVX512, scaleShift: scaleShiftStreamAVX512,
		scaleShiftReLU: scaleShiftReLUStreamAVX512, scaleShiftAdd: scaleShiftAddStreamAVX512, scaleShiftAddReLU: scaleShiftAddReLUStreamAVX512, normGrad: normGradStreamAVX512,
		normGradReLU: normGradReLUStreamAVX512, sumRows: sumRowsAVX512, statsRows: statsRowsAVX512, normGradSums: normGradSumsAVX512,
		normGradSumsReLU: normGradSumsReLUAVX512, sum: sumAVX512, dot: dotAVX512, softmax: softmaxAVX512,
		logSoftmax: logSoftmaxAVX512, maxOf: maxOfAVX512, sgdPlain: sgdPlainAVX512, sgdMomentum: sgdMomentumAVX512,
		sgdNesterov: sgdNesterovAVX512, adam: adamAVX512,
	},
}
