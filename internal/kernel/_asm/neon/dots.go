package neon

import "fmt"

var (
	eor    = encoding{"EOR", "16B", 0x6e201c00}
	uzp1h  = encoding{"UZP1", "8H", 0x4e401800}
	uzp1b  = encoding{"UZP1", "16B", 0x4e001800}
	sdot   = uint32(0x4f80e000)
	ushll8 = [2]uint32{0x2f08a400, 0x6f08a400} // of the lower and the upper half
	ushll4 = [2]uint32{0x2f10a400, 0x6f10a400}
)

// Xor computes d ^= n.
func (a *Asm) Xor(d, n Vec) { a.three(eor, d, d, n) }

// DotLane adds to each int32 of d the products of four int8 of n with the first four of m.
func (a *Asm) DotLane(d, n, m Vec) { a.word3(sdot, "SDOT V%d.4S, V%d.16B, V%d.4B[0]", d, n, m) }

// ScaleInts makes float32 of the int32 v, and multiplies them by n.
func (a *Asm) ScaleInts(v, n Vec) {
	a.two(scvtf, v, v)
	a.three(fmul, v, v, n)
}

// Bound keeps v between lo and hi.
func (a *Asm) Bound(v, lo, hi Vec) {
	a.three(fmax, v, v, lo)
	a.three(fmin, v, v, hi)
}

// Widen returns the 16 bytes of v as four vectors of int32.
func (a *Asm) Widen(v Vec) (all []Vec) {
	for i, half := range [2]string{"8B", "16B"} {
		h := a.Vec()
		a.word2(ushll8[i], fmt.Sprintf("%s V%%d.8H, V%%d.%s, #0", [2]string{"USHLL", "USHLL2"}[i], half), h, v)
		for j, quarter := range [2]string{"4H", "8H"} {
			q := a.Vec()
			a.word2(ushll4[j], fmt.Sprintf("%s V%%d.4S, V%%d.%s, #0", [2]string{"USHLL", "USHLL2"}[j], quarter), q, h)
			all = append(all, q)
		}
	}
	return all
}

// Narrow returns the four vectors v, numbers between 0 and 255, as bytes, rounded to the nearest, ties to even. They are lost.
func (a *Asm) Narrow(v []Vec) Vec {
	for _, r := range v {
		a.two(fcvtns, r, r)
	}
	a.three(uzp1h, v[0], v[0], v[1])
	a.three(uzp1h, v[2], v[2], v[3])
	a.three(uzp1b, v[0], v[0], v[2])
	return v[0]
}
