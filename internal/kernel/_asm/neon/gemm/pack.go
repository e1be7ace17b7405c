package main

// copyRows writes a kernel that copies rows as wide as a panel, and fetches later ones: they may be
// pages apart, where the processor does not look ahead by itself.
func (k kernels) copyRows() {
	k.Func("copyRowsNEON", "(dst, src *float32, ld, rows int)", "copies rows of a whole panel's width that are ld elements apart.", 32)
	dst, src, ld, rows, ahead := k.GP(), k.GP(), k.GP(), k.GP(), k.GP()
	k.Op("MOVD dst+0(FP), %v", dst)
	k.Op("MOVD src+8(FP), %v", src)
	k.Op("MOVD ld+16(FP), %v", ld)
	k.Op("MOVD rows+24(FP), %v", rows)
	k.Op("LSL $2, %v", ld)
	k.Op("ADD %v<<3, %v, %v", ld, src, ahead)
	k.Label("loop")
	k.Op("PRFM (%v), PLDL1STRM", ahead)
	v := k.Vecs(4)
	for j := 0; j < 4; j += 2 {
		k.LoadPair(v[j], v[j+1], src, 16*j)
	}
	for j := 0; j < 4; j += 2 {
		k.StorePair(v[j], v[j+1], dst, 16*j)
	}
	k.Op("ADD %v, %v", ld, src)
	k.Op("ADD %v, %v", ld, ahead)
	k.Op("ADD $64, %v", dst)
	k.Op("SUBS $1, %v", rows)
	k.Jump("BNE", "loop")
	k.Op("RET")
	k.End()
}

// transpose writes a kernel that transposes squares of 4 x 4 elements, side by side in src, to squares below
// each other in dst.
func (k kernels) transpose() {
	k.Func("transposeNEON", "(dst *float32, ldd int, src *float32, lds, squares int)", "transposes squares of 4 x 4 elements; rows are ldd and lds elements apart.", 40)
	dst, ldd, src, lds, squares, row := k.GP(), k.GP(), k.GP(), k.GP(), k.GP(), k.GP()
	k.Op("MOVD dst+0(FP), %v", dst)
	k.Op("MOVD ldd+8(FP), %v", ldd)
	k.Op("MOVD src+16(FP), %v", src)
	k.Op("MOVD lds+24(FP), %v", lds)
	k.Op("MOVD squares+32(FP), %v", squares)
	k.Op("LSL $2, %v", ldd)
	k.Op("LSL $2, %v", lds)
	k.Label("loop")
	v := k.Vecs(4)
	k.Op("MOVD %v, %v", src, row)
	for _, r := range v {
		k.Load(r, row, 0, 4)
		k.Op("ADD %v, %v", lds, row)
	}
	for _, r := range k.Transpose(v) {
		k.Store(r, dst, 0, 4)
		k.Op("ADD %v, %v", ldd, dst)
	}
	k.Op("ADD $16, %v", src)
	k.Op("SUBS $1, %v", squares)
	k.Jump("BNE", "loop")
	k.Op("RET")
	k.End()
}

// peak writes a loop of independent multiply-adds, the yardstick of the benchmarks.
func (k kernels) peak() {
	k.Func("peakNEON", "(n int)", "runs n steps of 24 independent vector multiply-adds.", 8)
	n := k.GP()
	k.Op("MOVD n+0(FP), %v", n)
	v := k.Vecs(maxSums + 2)
	for _, r := range v {
		k.Clear(r)
	}
	k.Label("loop")
	for _, r := range v[:maxSums] {
		k.AddMulLane(r, v[maxSums], v[maxSums+1], 0)
	}
	k.Op("SUBS $1, %v", n)
	k.Jump("BNE", "loop")
	k.Op("RET")
	k.End()
}
