package conv

// ForwardRef is the reference of [Forward]: the sum of the package comment, in the order r, s, c.
func ForwardRef[T float32 | float64](s Shape, y, x, w []T) {
	cg, kg := s.C/s.Groups, s.K/s.Groups
	i := 0
	for n := range s.N {
		for oh := range s.OutH() {
			for ow := range s.OutW() {
				for k := range s.K {
					var sum T
					for t := range s.R * s.S {
						ih, iw := s.source(oh, ow, t)
						for c := range cg {
							var v T // padding
							if s.inside(ih, iw) {
								v = x[((n*s.H+ih)*s.W+iw)*s.C+k/kg*cg+c]
							}
							sum += v * w[(t*cg+c)*s.K+k]
						}
					}
					y[i] = sum
					i++
				}
			}
		}
	}
}

// InputGradRef is the reference of [InputGrad]:
//
//	dx[n, ih, iw, c] = Σ_{r, s, k} dy[n, oh, ow, k] · w[r, s, c, k]
//
// over the taps for which oh and ow are whole numbers, dy being zero outside the output.
func InputGradRef[T float32 | float64](s Shape, dx, dy, w []T) {
	cg, kg := s.C/s.Groups, s.K/s.Groups
	outH, outW := s.OutH(), s.OutW()
	i := 0
	for n := range s.N {
		for ih := range s.H {
			for iw := range s.W {
				for c := range s.C {
					var sum T
					for t := range s.R * s.S {
						h := ih + s.PadH - t/s.S*s.DilationH
						v := iw + s.PadW - t%s.S*s.DilationW
						if h%s.StrideH != 0 || v%s.StrideW != 0 {
							continue
						}
						oh, ow := h/s.StrideH, v/s.StrideW
						for k := c / cg * kg; k < (c/cg+1)*kg; k++ {
							var g T // outside the output
							if h >= 0 && oh < outH && v >= 0 && ow < outW {
								g = dy[((n*outH+oh)*outW+ow)*s.K+k]
							}
							sum += g * w[(t*cg+c%cg)*s.K+k]
						}
					}
					dx[i] = sum
					i++
				}
			}
		}
	}
}

// WeightGradRef is the reference of [WeightGrad]:
//
//	dw[r, s, c, k] = Σ_{n, oh, ow} x[n, ih, iw, g*Cg+c] · dy[n, oh, ow, k]
//
// over the pixels for which (ih, iw) lies inside the image.
func WeightGradRef[T float32 | float64](s Shape, dw, x, dy []T) {
	cg, kg := s.C/s.Groups, s.K/s.Groups
	outH, outW := s.OutH(), s.OutW()
	for t := range s.R * s.S {
		for c := range cg {
			for k := range s.K {
				var sum T
				for n := range s.N {
					for oh := range outH {
						for ow := range outW {
							ih, iw := s.source(oh, ow, t)
							if s.inside(ih, iw) {
								sum += x[((n*s.H+ih)*s.W+iw)*s.C+k/kg*cg+c] * dy[((n*outH+oh)*outW+ow)*s.K+k]
							}
						}
					}
				}
				dw[(t*cg+c)*s.K+k] = sum
			}
		}
	}
}

// source returns the pixel of the image that tap t of the output pixel (oh, ow) reads.
func (s Shape) source(oh, ow, t int) (ih, iw int) {
	return oh*s.StrideH - s.PadH + t/s.S*s.DilationH, ow*s.StrideW - s.PadW + t%s.S*s.DilationW
}

func (s Shape) inside(ih, iw int) bool { return ih >= 0 && ih < s.H && iw >= 0 && iw < s.W }
