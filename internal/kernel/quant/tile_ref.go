package quant

// panel is the output channels of a panel, each with a quad of input channels in a step.
const panel = 16

// tileRef computes a tile of so many rows.
func tileRef(t *tile, rows int) {
	for p := range t.Panels {
		for i := range rows {
			if i > 0 && t.Out[i] == t.Out[i-1] {
				continue // Add may be Y, whose pixel is done
			}
			var sums [panel]int32
			copy(sums[:], t.Start[p*panel:])
			w := t.W[p*t.Pitch:]
			for tap := range t.Taps {
				x := t.Zero
				if o := t.Off[tap*rows+i]; o >= 0 {
					x = t.X[o:]
				}
				for step := range t.Steps {
					addQuads(&sums, (*[4]uint8)(x[4*step:]), (*[4 * panel]int8)(w))
					w = w[4*panel:]
				}
			}
			t.after(p*panel, int(t.Out[i]), &sums)
		}
	}
}

// addQuads adds to each sum the products of four channels.
func addQuads(sums *[panel]int32, x *[4]uint8, w *[4 * panel]int8) {
	x0, x1, x2, x3 := int32(x[0]), int32(x[1]), int32(x[2]), int32(x[3])
	for k := range sums {
		sums[k] += x0*int32(w[4*k]) + x1*int32(w[4*k+1]) + x2*int32(w[4*k+2]) + x3*int32(w[4*k+3])
	}
}

// after does what follows the sums of the 16 channels from k on of a pixel whose outputs begin at out.
func (t *tile) after(k, out int, sums *[panel]int32) {
	for j, sum := range sums {
		v := float32(float32(sum)*t.Mul[k+j]) + t.Bias[k+j] // the conversion keeps compilers from rounding once
		if len(t.Add) > 0 {
			v += float32(float32(t.Add[out+k+j]) * t.AddMul)
		}
		v = bounded(v, t.Lo, t.Hi)
		if len(t.Y) > 0 {
			t.Y[out+k+j] = round(v)
		} else {
			t.F[out+k+j] = v
		}
	}
}
