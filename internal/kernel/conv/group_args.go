package conv

// groupTile is a tile of a convolution whose groups are so narrow that a vector of L output channels depends on few
// vectors of input channels. One vector of each pixel is computed by a function of its own, see group.go and group_ref.go:
//
//	for b := range Bands { for i := range Rows {
//		Y[Out[i]+b*width:] = after(sums over Taps of what band b of W makes of band b of x(t, i))
//	}}
//
// where x(t, i) is X[Off[t*Rows+i]:], or Zero when that offset is negative, and the weights of band b are W[b*WStep:].
// If After is not 0,
//
//	func after(s) {
//		s += Bias              // if it is there
//		s += Add               // if it is there, as Y
//		return min(max(s, Lo), Hi), NaN for NaN, and -0 where Lo is 0
//	}
//
// This file is parsed by the generators of the assembly, which take the offsets of the fields from it.
type groupTile struct {
	Rows, Taps, Parts, Bands int
	Off                      []int32
	X, Zero, W               []float32
	WStep                    int
	Out                      []int32
	Y                        []float32
	After                    int
	Bias, Add                []float32
	Lo, Hi                   float32
}

// groupGrad adds up the gradient of the weights of a few taps:
//
//	for g := range Segs {
//		x, dy, count := X[Seg[3*g]:], DY[Seg[3*g+1]:], Seg[3*g+2]
//		for p := range count { for t := range Taps {
//			Sums[Tap[2*t+1]*Pitch:] += products of x[p*LDX+Tap[2*t]:] with dy[p*LDY:]
//		}}
//	}
//
// Every count is at least 1.
type groupGrad struct {
	Segs     int
	Seg      []int
	X, DY    []float32
	LDX, LDY int
	Taps     int
	Tap      []int
	Sums     []float32
	Pitch    int
}
