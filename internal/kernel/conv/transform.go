package conv

//go:generate go -C ../_asm run ./neon/conv -out ../conv/asm_arm64.s -declarations ../conv/asm_arm64.go

// The one-dimensional transforms of F(4, 3) with the points 0, ±a, ±b and infinity. Each is applied to
// the columns and to the rows of a tile.
const (
	pointA = 5. / 8
	pointB = 3. / 2
	sqA    = pointA * pointA
	sqB    = pointB * pointB
	scale0 = 1 / (sqA * sqB)
	scaleA = 1 / (2 * sqA * (sqA - sqB))
	scaleB = 1 / (2 * sqB * (sqB - sqA))
)

// inputTransform returns BT d.
func inputTransform[T float32 | float64](d [6]T) [6]T {
	evenA, oddA := d[4]-sqB*d[2], pointA*(d[3]-sqB*d[1])
	evenB, oddB := d[4]-sqA*d[2], pointB*(d[3]-sqA*d[1])
	return [6]T{
		d[4] - (sqA+sqB)*d[2] + sqA*sqB*d[0],
		evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB,
		d[5] - (sqA+sqB)*d[3] + sqA*sqB*d[1],
	}
}

// weightTransform returns G g.
func weightTransform[T float32 | float64](g [3]T) [6]T {
	evenA, oddA := scaleA*g[0]+scaleA*sqA*g[2], scaleA*pointA*g[1]
	evenB, oddB := scaleB*g[0]+scaleB*sqB*g[2], scaleB*pointB*g[1]
	return [6]T{scale0 * g[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g[2]}
}

// outputTransform returns AT m.
func outputTransform[T float32 | float64](m [6]T) [4]T {
	sumA, difA, sumB, difB := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
	return [4]T{
		m[0] + sumA + sumB,
		pointA*difA + pointB*difB,
		sqA*sumA + sqB*sumB,
		sqA*pointA*difA + sqB*pointB*difB + m[5],
	}
}

// gradientTransform returns A d, that of the gradient with respect to the outputs.
func gradientTransform[T float32 | float64](d [4]T) [6]T {
	evenA, oddA := d[0]+sqA*d[2], pointA*(d[1]+sqA*d[3])
	evenB, oddB := d[0]+sqB*d[2], pointB*(d[1]+sqB*d[3])
	return [6]T{d[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, d[3]}
}

// weightGradTransform returns GT m.
func weightGradTransform[T float32 | float64](m [6]T) [3]T {
	sumA, difA, sumB, difB := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
	return [3]T{
		scale0*m[0] + scaleA*sumA + scaleB*sumB,
		scaleA*pointA*difA + scaleB*pointB*difB,
		scaleA*sqA*sumA + scaleB*sqB*sumB + m[5],
	}
}

// tileInputRef computes, for each of n channels,
//
//	dst[pitch*i+c] = (BT d B)[i]    0 <= i < 36
//
// d being the 6 x 6 pixels x[off[i]+c], 0 where that offset is negative.
func tileInputRef[T float32 | float64](dst []T, pitch int, x []T, off []int32, n int) {
	for c := range n {
		var t [6][6]T // columns of d B
		for i := range 6 {
			var d [6]T
			for j := range 6 {
				if o := off[6*i+j]; o >= 0 {
					d[j] = x[int(o)+c]
				}
			}
			for j, v := range inputTransform(d) {
				t[j][i] = v
			}
		}
		for j := range 6 {
			for i, v := range inputTransform(t[j]) {
				dst[pitch*(6*i+j)+c] = v
			}
		}
	}
}

// tileSquaresRef returns, of the pixels that tileInputRef reads, the sums of the squares of the four quarters of
// the middle 4 x 4, row by row, and of the border around them.
func tileSquaresRef[T float32 | float64](x []T, off []int32, n int) (squares [8]T) {
	for i, o := range off[:36] {
		if o < 0 {
			continue
		}
		part, row, col := 4, i/6, i%6
		if row >= 1 && row <= 4 && col >= 1 && col <= 4 {
			part = (row-1)/2*2 + (col-1)/2
		}
		for _, v := range x[o:][:n] {
			squares[part] += v * v
		}
	}
	return squares
}

// tileWeightsRef computes, for each of n weights,
//
//	dst[pitch*i+j] = (G g GT)[i]    0 <= i < 36
//
// g being the 3 x 3 weights w[n*i+j].
func tileWeightsRef[T float32 | float64](dst []T, pitch int, w []T, n int) {
	for k := range n {
		var t [6][3]T // G g
		for s := range 3 {
			for i, v := range weightTransform([3]T{w[n*s+k], w[n*(3+s)+k], w[n*(6+s)+k]}) {
				t[i][s] = v
			}
		}
		for i := range 6 {
			for j, v := range weightTransform(t[i]) {
				dst[pitch*(6*i+j)+k] = v
			}
		}
	}
}

// tileOutputRef computes, for each of n channels,
//
//	y[off[i]+c] = (AT d A)[i]    0 <= i < 16
//
// d being the 6 x 6 sums m[pitch*i+c]. It leaves out pixels whose offset is negative, and reports
// whether all results, those included, are finite.
func tileOutputRef[T float32 | float64](y []T, off []int32, m []T, pitch, n int) bool {
	var zero T // stays 0 while results are finite
	for c := range n {
		var t [4][6]T // columns of d A
		for i := range 6 {
			var d [6]T
			for j := range 6 {
				d[j] = m[pitch*(6*i+j)+c]
			}
			for j, v := range outputTransform(d) {
				t[j][i] = v
			}
		}
		for j := range 4 {
			for i, v := range outputTransform(t[j]) {
				zero += 0 * v
				if o := off[4*i+j]; o >= 0 {
					y[int(o)+c] = v
				}
			}
		}
	}
	return zero == 0
}

// tileAfterRef sets, for 16 pixels and the channels of bias,
//
//	y[off[i]+c] = min(max(y[off[i]+c] + bias[c] + add[off[i]+c], bounds[0]), bounds[1])
//
// without add if it is nil. NaN stays, and negative offsets are left out.
func tileAfterRef(y []float32, off []int32, bias, add []float32, bounds *[2]float32) {
	for _, o := range off[:16] {
		if o < 0 {
			continue
		}
		to := y[o:][:len(bias)]
		for c, b := range bias {
			v := to[c] + b
			if add != nil {
				v += add[int(o)+c]
			}
			to[c] = bounded(v, bounds[0], bounds[1])
		}
	}
}

// tileGradientRef computes, for each of n channels,
//
//	dst[pitch*i+c] = (A d AT)[i]    0 <= i < 36
//
// d being the 4 x 4 pixels y[off[i]+c], 0 where that offset is negative.
func tileGradientRef[T float32 | float64](dst []T, pitch int, y []T, off []int32, n int) {
	for c := range n {
		var t [6][4]T // columns of d AT
		for i := range 4 {
			var d [4]T
			for j := range 4 {
				if o := off[4*i+j]; o >= 0 {
					d[j] = y[int(o)+c]
				}
			}
			for j, v := range gradientTransform(d) {
				t[j][i] = v
			}
		}
		for j := range 6 {
			for i, v := range gradientTransform(t[j]) {
				dst[pitch*(6*i+j)+c] = v
			}
		}
	}
}

// tileWeightGradRef computes, for each of n weights,
//
//	dw[n*i+j] = (GT d G)[i]    0 <= i < 9
//
// d being the 6 x 6 sums m[pitch*i+j]. It reports whether all results are finite.
func tileWeightGradRef[T float32 | float64](dw, m []T, pitch, n int) bool {
	var zero T // stays 0 while results are finite
	for k := range n {
		var t [3][6]T // columns of d G
		for i := range 6 {
			var d [6]T
			for j := range 6 {
				d[j] = m[pitch*(6*i+j)+k]
			}
			for s, v := range weightGradTransform(d) {
				t[s][i] = v
			}
		}
		for s := range 3 {
			for r, v := range weightGradTransform(t[s]) {
				zero += 0 * v
				dw[n*(3*r+s)+k] = v
			}
		}
	}
	return zero == 0
}
