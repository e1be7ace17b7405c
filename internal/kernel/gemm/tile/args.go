package tile

// Rows is a tile of a product whose left operand is read through a table of offsets:
//
//	for i := range Rows { for j := range Cols {
//		s := 0
//		for t := range Taps { for p := range Inner {
//			s += a(t, i)[p] * B[(t*Inner+p)*LDB+j]
//		}}
//		C[Out[i]+j] = after(s, j, Out[i]+j)
//	}}
//
// where a(t, i) is A[Off[t*Rows+i]:], or Zero when that offset is negative. One tap is a plain
// matrix product; several are a convolution, Zero being the padding. After it come, each if it is there,
//
//	func after(s, j, o) {
//		s += C[o]              // when Acc is not 0
//		s += Bias[j]
//		s += Add[o]
//		s = max(s, Lo)         // when Bounds is at least 1; NaN stays
//		s = min(s, Hi)         // when Bounds is 2
//		return s
//	}
//
// C may be Add: an element is read before it is written. Each step also asks the cache for what lies at Ahead, which then
// moves on by AheadStep bytes: the pixels that a later tile will read. It need not lie inside a slice.
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
	Bias, Add         []float32
	Bounds            int
	Lo, Hi            float32
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

// Strip is a column of tiles of a product whose left operand has any distances of rows and steps:
//
//	for i := range M { for j := range Cols {
//		s := 0
//		for p := range K { s += A[i*RowA+p*StepA] * B[p*LDB+j] }
//		C[i*LDC+j] = s         // or += s, when Acc is not 0
//	}}
//
// Rows is how many rows of C a tile has; the last one may have fewer. M, K and Cols are positive.
// Ahead and AheadStep are those of [Rows]; after a tile Ahead also moves on by AheadTile bytes.
type Strip struct {
	M, Rows, K  int
	A           []float32
	RowA, StepA int
	B           []float32
	LDB         int
	C           []float32
	LDC         int
	Cols, Acc   int
	Ahead       []float32
	AheadStep   int
	AheadTile   int
}

// Dots is the dot products of a few rows with a few others:
//
//	for i := range Rows { for j := range Cols {
//		s := 0
//		for p := range K { s += A[i*LDA+p] * B[j*LDB+p] }
//		Sums[i][j] = s
//	}}
//
// Rows is 1, 2 or 3, Cols 1 to 4. The other elements of a row of Sums are not specified.
type Dots struct {
	Rows, Cols, K int
	A             []float32
	LDA           int
	B             []float32
	LDB           int
	Sums          [3][4]float32
}

// Combine is rows that are linear combinations of a few others:
//
//	for i := range M { for j := range N {
//		s := 0                 // or C[i*LDC+j], when Acc is 1
//		for p := range K { s += A[i*RowA+p*StepA] * B[p*LDB+j] }
//		C[i*LDC+j] = s
//	}}
//
// K is 1 to CombineRows, M and N are positive.
type Combine struct {
	M, N, K     int
	A           []float32
	RowA, StepA int
	B           []float32
	LDB         int
	C           []float32
	LDC, Acc    int
}
