//go:build !purego

package vec

import "github.com/residuum-go/residuum/internal/cpu"

//go:generate go -C ../_asm run ./vec -out ../vec/asm_amd64.s -stubs ../vec/asm_amd64.go -pkg vec

func levels(generic kernels) [cpu.AVX512 + 1]kernels {
	t := everywhere(generic)
	t[cpu.AVX2], t[cpu.AVX512] = avx2, avx512
	return t
}

var avx2 = kernels{
	add: addAVX2, sub: subAVX2, mul: mulAVX2, div: divAVX2,
	max: maxAVX2, addReLU: addReLUAVX2, reluGrad: reluGradAVX2, abs: absAVX2,
	sqrt: sqrtAVX2, exp: expAVX2, log: logAVX2, tanh: tanhAVX2,
	sigmoid: sigmoidAVX2, erf: erfAVX2, relu: reluAVX2, step: stepAVX2,
	addScalar: addScalarAVX2, scale: scaleAVX2, addScalars: addScalarsAVX2, addScaled: addScaledAVX2,
	fill: fillAVX2, addRow: addRowAVX2, mulRow: mulRowAVX2, scaleShift: scaleShiftAVX2,
	scaleShiftReLU: scaleShiftReLUAVX2, scaleShiftAdd: scaleShiftAddAVX2, scaleShiftAddReLU: scaleShiftAddReLUAVX2, normGrad: normGradAVX2,
	normGradReLU: normGradReLUAVX2, sumRows: sumRowsAVX2, statsRows: statsRowsAVX2, normGradSums: normGradSumsAVX2,
	normGradSumsReLU: normGradSumsReLUAVX2, sum: sumAVX2, dot: dotAVX2, sumExp: sumExpAVX2,
	expSum: expSumAVX2, maxOf: maxOfAVX2, sgdPlain: sgdPlainAVX2, sgdMomentum: sgdMomentumAVX2,
	sgdNesterov: sgdNesterovAVX2, adam: adamAVX2,
}

var avx512 = kernels{
	add: addAVX512, sub: subAVX512, mul: mulAVX512, div: divAVX512,
	max: maxAVX512, addReLU: addReLUAVX512, reluGrad: reluGradAVX512, abs: absAVX512,
	sqrt: sqrtAVX512, exp: expAVX512, log: logAVX512, tanh: tanhAVX512,
	sigmoid: sigmoidAVX512, erf: erfAVX512, relu: reluAVX512, step: stepAVX512,
	addScalar: addScalarAVX512, scale: scaleAVX512, addScalars: addScalarsAVX512, addScaled: addScaledAVX512,
	fill: fillAVX512, addRow: addRowAVX512, mulRow: mulRowAVX512, scaleShift: scaleShiftAVX512,
	scaleShiftReLU: scaleShiftReLUAVX512, scaleShiftAdd: scaleShiftAddAVX512, scaleShiftAddReLU: scaleShiftAddReLUAVX512, normGrad: normGradAVX512,
	normGradReLU: normGradReLUAVX512, sumRows: sumRowsAVX512, statsRows: statsRowsAVX512, normGradSums: normGradSumsAVX512,
	normGradSumsReLU: normGradSumsReLUAVX512, sum: sumAVX512, dot: dotAVX512, sumExp: sumExpAVX512,
	expSum: expSumAVX512, maxOf: maxOfAVX512, sgdPlain: sgdPlainAVX512, sgdMomentum: sgdMomentumAVX512,
	sgdNesterov: sgdNesterovAVX512, adam: adamAVX512,
}
