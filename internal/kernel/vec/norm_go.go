package vec

// The generic kernels of norm.go and SumRows. Sums have one element per column of the piece; its
// rows are stride apart.

func sumRows(sum []float64, x []float32, rows, stride int) {
	for r := range rows {
		x := x[r*stride:][:len(sum)]
		for j, v := range x {
			sum[j] += float64(v)
		}
	}
}

func statsRows(sum, square []float64, x, center []float32, rows, stride int) {
	for r := range rows {
		x := x[r*stride:][:len(sum)]
		for j, v := range x {
			d := float64(v) - float64(center[j])
			sum[j] += d
			square[j] += d * d
		}
	}
}

func normGradSums(sumG, sumGX []float64, x, g, mean []float32, rows, stride int) {
	for r := range rows {
		x, g := x[r*stride:][:len(sumG)], g[r*stride:][:len(sumG)]
		for j, v := range g {
			sumG[j] += float64(v)
			sumGX[j] += float64(v) * (float64(x[j]) - float64(mean[j]))
		}
	}
}

func normGradSumsReLU(sumG, sumGX []float64, x, g, mean, scale, shift []float32, rows, stride int) {
	for r := range rows {
		x, g := x[r*stride:][:len(sumG)], g[r*stride:][:len(sumG)]
		for j := range g {
			v := float64(gate(affine(x[j]-mean[j], scale[j], shift[j]), g[j]))
			sumG[j] += v
			sumGX[j] += v * (float64(x[j]) - float64(mean[j]))
		}
	}
}

func normGrad(dst, x, g, ag, ax, mean, c []float32) {
	for len(dst) > 0 {
		n := min(len(ag), len(dst))
		for i := range n {
			dst[i] = g[i]*ag[i] + (x[i]-mean[i])*ax[i] + c[i]
		}
		dst, x, g = dst[n:], x[n:], g[n:]
	}
}

func normGradReLU(dst, x, g, ag, ax, mean, c, scale, shift []float32) {
	for len(dst) > 0 {
		n := min(len(ag), len(dst))
		for i := range n {
			d := x[i] - mean[i]
			dst[i] = gate(affine(d, scale[i], shift[i]), g[i])*ag[i] + d*ax[i] + c[i]
		}
		dst, x, g = dst[n:], x[n:], g[n:]
	}
}
