package pool

// Float is what the references compute in.
type Float interface{ float32 | float64 }

// MaxRef is the reference of [Max].
func MaxRef[T Float](s Shape, y []T, idx []int32, x []T) {
	s.eachOutput(func(o, n, c int, v, u span) {
		best := ((n*s.H+v.lo)*s.W+u.lo)*s.C + c
		for h := v.lo; h < v.hi; h += v.step {
			for w := u.lo; w < u.hi; w += u.step {
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
	s.eachOutput(func(o, n, c int, v, u span) {
		var sum T
		for h := v.lo; h < v.hi; h++ {
			for w := u.lo; w < u.hi; w++ {
				sum += x[((n*s.H+h)*s.W+w)*s.C+c]
			}
		}
		y[o] = sum * (1 / (T(v.counted) * T(u.counted)))
	})
}

// AvgGradRef is the reference of [AvgGrad].
func AvgGradRef[T Float](s Shape, dx, g []T) {
	clear(dx)
	s.eachOutput(func(o, n, c int, v, u span) {
		for h := v.lo; h < v.hi; h++ {
			for w := u.lo; w < u.hi; w++ {
				dx[((n*s.H+h)*s.W+w)*s.C+c] += g[o] * (1 / (T(v.counted) * T(u.counted)))
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

// span is the part of a window inside the image, along one axis, and how many pixels an average counts there.
type span struct{ lo, hi, step, counted int }

func (a axis) span(o int) span {
	lo, hi := a.window(o)
	return span{lo, hi, a.dilation, a.counted(o)}
}

// eachOutput calls f for every output element o with its window's rows and columns.
func (s Shape) eachOutput(f func(o, n, c int, rows, columns span)) {
	o := 0
	for n := range s.N {
		for oh := range s.OutH() {
			for ow := range s.OutW() {
				rows, columns := s.rows().span(oh), s.columns().span(ow)
				for c := range s.C {
					f(o, n, c, rows, columns)
					o++
				}
			}
		}
	}
}
