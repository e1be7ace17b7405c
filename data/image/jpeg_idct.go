package image

// inverseDCT writes the 8x8 pixels of a block of dequantised coefficients, as libjpeg's "slow but accurate" transform of
// whole numbers does (jidctint.c; Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D DCT algorithms with 11
// multiplications", ICASSP 1989): factors have 13 binary digits, and 2 digits are kept between columns and rows.
func inverseDCT(dst []uint8, stride int, c *[64]int32) {
	const kept, digits = 2, 13
	const half = 1 << (digits - kept - 1)
	for x := range 8 {
		if c[8+x]|c[16+x]|c[24+x]|c[32+x]|c[40+x]|c[48+x]|c[56+x] == 0 {
			v := c[x] << kept
			c[x], c[8+x], c[16+x], c[24+x], c[32+x], c[40+x], c[48+x], c[56+x] = v, v, v, v, v, v, v, v
			continue
		}
		v0, v1, v2, v3, v4, v5, v6, v7 := dct8(c[x], c[8+x], c[16+x], c[24+x], c[32+x], c[40+x], c[48+x], c[56+x])
		c[x], c[8+x] = (v0+half)>>(digits-kept), (v1+half)>>(digits-kept)
		c[16+x], c[24+x] = (v2+half)>>(digits-kept), (v3+half)>>(digits-kept)
		c[32+x], c[40+x] = (v4+half)>>(digits-kept), (v5+half)>>(digits-kept)
		c[48+x], c[56+x] = (v6+half)>>(digits-kept), (v7+half)>>(digits-kept)
	}
	pixel := func(v int32) uint8 { return clampByte((v+1<<(digits+kept+2))>>(digits+kept+3) + 128) }
	for y := range 8 {
		r, out := (*[8]int32)(c[8*y:]), (*[8]uint8)(dst[y*stride:])
		if r[1]|r[2]|r[3]|r[4]|r[5]|r[6]|r[7] == 0 {
			v := pixel(r[0] << digits)
			*out = [8]uint8{v, v, v, v, v, v, v, v}
			continue
		}
		v0, v1, v2, v3, v4, v5, v6, v7 := dct8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7])
		out[0], out[1], out[2], out[3] = pixel(v0), pixel(v1), pixel(v2), pixel(v3)
		out[4], out[5], out[6], out[7] = pixel(v4), pixel(v5), pixel(v6), pixel(v7)
	}
}

// dct8 is the transform of one column or row, times 2^13.
func dct8(c0, c1, c2, c3, c4, c5, c6, c7 int32) (v0, v1, v2, v3, v4, v5, v6, v7 int32) {
	even := (c2 + c6) * 4433 // 0.541196100
	low := even - c6*15137   // 1.847759065
	high := even + c2*6270   // 0.765366865
	sum, diff := (c0+c4)<<13, (c0-c4)<<13
	e0, e1, e2, e3 := sum+high, diff+low, diff-low, sum-high

	all := (c7 + c3 + c5 + c1) * 9633               // 1.175875602
	z1, z2 := (c7+c1)*-7373, (c5+c3)*-20995         // 0.899976223, 2.562915447
	z3, z4 := (c7+c3)*-16069+all, (c5+c1)*-3196+all // 1.961570560, 0.390180644
	o0, o1 := c7*2446+z1+z3, c5*16819+z2+z4         // 0.298631336, 2.053119869
	o2, o3 := c3*25172+z2+z3, c1*12299+z1+z4        // 3.072711026, 1.501321110
	return e0 + o3, e1 + o2, e2 + o1, e3 + o0, e3 - o0, e2 - o1, e1 - o2, e0 - o3
}
