package pool

// Float is what the references compute in.
type Float interface{ float32 | float64 }

// MaxRef is the reference of [Max].
func MaxRef[T Float](s Shape, y []T, idx []int32, x []T) {
	s.eachOutput(func(o, n, h0, h1, w0, w1, c int) {
		best := ((n*s.H+h0)*s.W+w0)*s.C + c
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				i := ((n*s.H+h)*s.W+w)*s.C + c
				if x[i] > x[best] || x[i] != x[i] && x[best] == x[best] {
					best = i
				}
			}
		}
		y[o], idx[o] = x[best], int32(best)
	})
}

// MaxGradRef is the reference of [MaxGrad].
func MaxGradRef[T Float](s Shape, dx, g []T, idx []int32) {
	clear(dx)
	for o, v := range g {
		dx[idx[o]] += v
	}
}

// MaxGatherRef is the reference of [MaxGather].
func MaxGatherRef[T Float](y, x []T, idx []int32) {
	for o, i := range idx {
		y[o] = x[i]
	}
}

// AvgRef is the reference of [Avg].
func AvgRef[T Float](s Shape, y, x []T) {
	s.eachOutput(func(o, n, h0, h1, w0, w1, c int) {
		var sum T
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				sum += x[((n*s.H+h)*s.W+w)*s.C+c]
			}
		}
		y[o] = sum * (1 / (T(s.SizeH) * T(s.SizeW)))
	})
}

// AvgGradRef is the reference of [AvgGrad].
func AvgGradRef[T Float](s Shape, dx, g []T) {
	clear(dx)
	s.eachOutput(func(o, n, h0, h1, w0, w1, c int) {
		for h := h0; h < h1; h++ {
			for w := w0; w < w1; w++ {
				dx[((n*s.H+h)*s.W+w)*s.C+c] += g[o] * (1 / (T(s.SizeH) * T(s.SizeW)))
			}
		}
	})
}

// GlobalAvgRef is the reference of [GlobalAvg].
func GlobalAvgRef[T Float](y, x []T, n, hw, c int) {
	for i := range n {
		for j := range c {
			var sum float64
			for p := range hw {
				sum += float64(x[(i*hw+p)*c+j])
			}
			y[i*c+j] = T(sum / float64(hw))
		}
	}
}

// GlobalAvgGradRef is the reference of [GlobalAvgGrad].
func GlobalAvgGradRef[T Float](dx, g []T, n, hw, c int) {
	for i := range n {
		for p := range hw {
			for j := range c {
				dx[(i*hw+p)*c+j] = g[i*c+j] * (1 / T(hw))
			}
		}
	}
}

// eachOutput calls f for every output element o with the part of its window inside the image.
func (s Shape) eachOutput(f func(o, n, h0, h1, w0, w1, c int)) {
	o := 0
	for n := range s.N {
		for oh := range s.OutH() {
			h0, h1 := window(oh, s.SizeH, s.StrideH, s.PadH, s.H)
			for ow := range s.OutW() {
				w0, w1 := window(ow, s.SizeW, s.StrideW, s.PadW, s.W)
				for c := range s.C {
					f(o, n, h0, h1, w0, w1, c)
					o++
				}
			}
		}
	}
}
