package quant

// tile is a tile of a convolution: some rows, which are output pixels, by panels of 16 output channels.
//
//	for k := range 16*Panels { for i := range rows {
//		sum := Start[k] + sum over Taps and 4*Steps channels of x(t, i) and W
//		Y[Out[i]+k] = after(sum)
//	}}
//
// where x(t, i) is X[Off[t*rows+i]:], or Zero when that offset is negative, and panel p of the weights is W[p*Pitch:], for
// each tap and step 16 outputs of 4 channels each. Where Y is empty results go into F, without Add and rounding:
//
//	func after(sum) {
//		v := float32(sum)*Mul[k] + Bias[k]
//		if Add is there { v += float32(Add[Out[i]+k])*AddMul }
//		return roundToEven(min(max(v, Lo), Hi))
//	}
//
// with each operation rounded by itself. Add may be Y. Rows that are the same pixel follow each other. This file is parsed by the generators of the assembly, which take the offsets of
// the fields from it.
type tile struct {
	Taps, Steps, Panels int
	Off                 []int32
	X, Zero             []uint8
	W                   []int8
	Pitch               int
	Start               []int32
	Mul, Bias           []float32
	Out                 []int32
	Y                   []uint8
	F                   []float32
	Add                 []uint8
	AddMul, Lo, Hi      float32
}
