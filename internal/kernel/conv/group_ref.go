package conv

// genericGroups are the kernels in Go, whose vectors are one quad.
var genericGroups = &groupKernels{
	lanes: 4, rows: 4, quadRows: 4, taps: 9, quadTaps: 9, page: 1024,
	depthwise: []func(*groupTile){
		func(t *groupTile) { depthwiseRef(t, 4) }, func(t *groupTile) { depthwiseRef(t, 8) },
		func(t *groupTile) { depthwiseRef(t, 12) }, func(t *groupTile) { depthwiseRef(t, 16) },
	},
	depthwiseGrad: []func(*groupGrad){func(g *groupGrad) { depthwiseGradRef(g, 4) }},
	quads:         []func(*groupTile){quadsRef},
	quadsGrad:     []func(*groupGrad){quadsGradRef},
}

// depthwiseRef computes a tile with bands of n channels: channel c of a pixel is the sum over taps of w[c] * x[c].
func depthwiseRef(t *groupTile, n int) {
	for b := range t.Bands {
		for i := range t.Rows {
			y := t.Y[int(t.Out[i])+b*n:][:n]
			clear(y)
			for tap := range t.Taps {
				x, w := t.pixel(tap, i, b*n)[:n], t.W[b*t.WStep+tap*n:][:n]
				for c := range y {
					y[c] += w[c] * x[c]
				}
			}
			t.afterRef(y, int(t.Out[i]), b*n)
		}
	}
}

// pixel returns what tap t of row i reads from channel c on.
func (t *groupTile) pixel(tap, i, c int) []float32 {
	if o := t.Off[tap*t.Rows+i]; o >= 0 {
		return t.X[int(o)+c:]
	}
	return t.Zero
}

// quadsRef computes a tile of quads: sums as groupKernels says.
func quadsRef(t *groupTile) {
	for b := range t.Bands {
		for i := range t.Rows {
			var sums [4][4]float32 // by d and input channel
			w := t.W[b*t.WStep:]
			for tap := range t.Taps {
				x := t.pixel(tap, i, 4*b)
				for part := range t.Parts {
					x := (*[4]float32)(x[4*part:])
					for d := range sums {
						for l, w := range (*[4]float32)(w[4*d:]) {
							sums[d][l] += x[l] * w
						}
					}
					w = w[16:]
				}
			}
			y := t.Y[int(t.Out[i])+4*b:][:4]
			for l := range y {
				y[l] = sums[0][l] + sums[1][l^1] + (sums[2][l^2] + sums[3][l^3])
			}
			t.afterRef(y, int(t.Out[i]), 4*b)
		}
	}
}

// afterRef does what follows the sums y of a pixel, the first of which is channel c of what the tile writes.
func (t *groupTile) afterRef(y []float32, pixel, c int) {
	if t.After == 0 {
		return
	}
	for i, v := range y {
		if t.Bias != nil {
			v += t.Bias[c+i]
		}
		if t.Add != nil {
			v += t.Add[pixel+c+i]
		}
		y[i] = bounded(v, t.Lo, t.Hi)
	}
}

// each calls f for every pair of pixels and the sums of their tap.
func (g *groupGrad) each(f func(x, dy, sums []float32)) {
	for s := range g.Segs {
		x, dy, count := g.Seg[3*s], g.Seg[3*s+1], g.Seg[3*s+2]
		for p := range count {
			for t := range g.Taps {
				f(g.X[x+p*g.LDX+g.Tap[2*t]:], g.DY[dy+p*g.LDY:], g.Sums[g.Tap[2*t+1]*g.Pitch:])
			}
		}
	}
}

// depthwiseGradRef adds x[c] * dy[c] to the sum of channel c of each tap, for n channels.
func depthwiseGradRef(g *groupGrad, n int) {
	g.each(func(x, dy, sums []float32) {
		x, sums = x[:n], sums[:n]
		for c, v := range dy[:n] {
			sums[c] += x[c] * v
		}
	})
}

// quadsGradRef adds x[l] * dy[l^d] to lane l of sum d of each tap.
func quadsGradRef(g *groupGrad) {
	g.each(func(x, dy, sums []float32) {
		sum := (*[16]float32)(sums)
		for d := range 4 {
			for l, v := range (*[4]float32)(x) {
				sum[4*d+l] += v * dy[l^d]
			}
		}
	})
}
