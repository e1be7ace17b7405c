package tile

// Rows is a tile of a product whose left operand is read through a table of offsets:
//
//	for i := range Rows { for j := range Cols {
//		s := 0
//		for t := range Taps { for p := range Inner {
//			s += a(t, i)[p] * B[(t*Inner+p)*LDB+j]
//		}}
//		C[Out[i]+j] = s        // or += s, when Acc is not 0
//	}}
//
// where a(t, i) is A[Off[t*Rows+i]:], or Zero when that offset is negative. One tap is a plain
// matrix product; several are a convolution, Zero being the padding.
//
// Each step also asks the cache for what lies at Ahead, which then moves on by AheadStep bytes: the
// pixels that a later tile will read. It need not lie inside a slice.
//
// This file is parsed by the generator of the assembly, which takes the offsets of the fields from it.
type Rows struct {
	Rows, Taps, Inner int
	Off               []int32
	A, Zero, B        []float32
	LDB               int
	Out               []int32
	C                 []float32
	Cols, Acc         int
	Ahead             []float32
	AheadStep         int
}

// Outer is a tile of a product whose operands both advance by a row per step of the reduction:
//
//	for i := range Rows { for j := range Cols {
//		s := 0
//		for g := range Segs {
//			a, b, count := A[Seg[3*g]:], B[Seg[3*g+1]:], Seg[3*g+2]
//			for p := range count { s += a[p*LDA+i] * b[p*LDB+j] }
//		}
//		C[i*LDC+j] = s         // or += s, when Acc is not 0
//	}}
//
// Every count is at least 1. Ahead and AheadStep are those of [Rows].
type Outer struct {
	Rows, Segs int
	Seg        []int32
	A, B       []float32
	LDA, LDB   int
	C          []float32
	LDC        int
	Cols, Acc  int
	Ahead      []float32
	AheadStep  int
}
