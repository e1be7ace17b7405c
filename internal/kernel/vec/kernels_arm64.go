//go:build !purego

package vec

import "github.com/residuum-go/residuum/internal/cpu"

func levels(generic kernels) (t [cpu.AVX512 + 1]level) {
	t = everywhere(generic)
	n := neon(generic)
	t[cpu.NEON] = level{cached: n, streamed: n} // nothing is written past the caches
	return t
}

// neon replaces the generic kernels. One that is missing here would be slow, not wrong; a test names it.
func neon(k kernels) kernels {
	k.add, k.sub, k.mul, k.div, k.max, k.addReLU, k.reluGrad = addNEON, subNEON, mulNEON, divNEON, maxNEON, addReLUNEON, reluGradNEON
	k.abs, k.sqrt, k.relu, k.step = absNEON, sqrtNEON, reluNEON, stepNEON
	k.exp, k.log, k.tanh, k.sigmoid, k.erf = expNEON, logNEON, tanhNEON, sigmoidNEON, erfNEON
	k.addScalar, k.scale, k.addScaled, k.fill = addScalarNEON, scaleNEON, addScaledNEON, fillNEON
	k.addRow, k.addRowReLU, k.mulRow = addRowNEON, addRowReLUNEON, mulRowNEON
	k.scaleShift, k.scaleShiftReLU = scaleShiftNEON, scaleShiftReLUNEON
	k.scaleShiftAdd, k.scaleShiftAddReLU = scaleShiftAddNEON, scaleShiftAddReLUNEON
	k.normGrad, k.normGradReLU = normGradNEON, normGradReLUNEON
	k.sumRows, k.statsRows = sumRowsNEON, statsRowsNEON
	k.normGradSums, k.normGradSumsReLU = normGradSumsNEON, normGradSumsReLUNEON
	k.sum, k.dot, k.maxOf = sumNEON, dotNEON, maxOfNEON
	k.softmax, k.logSoftmax = softmaxNEON, logSoftmaxNEON
	k.sgdPlain, k.sgdMomentum, k.sgdNesterov, k.adam = sgdPlainNEON, sgdMomentumNEON, sgdNesterovNEON, adamNEON
	return k
}
