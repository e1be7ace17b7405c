package pool

import "fmt"

// Max computes y = the largest element of each window and channel of x, and idx = its flat index in
// x, the first one of several. Padding never wins. A window that holds NaN becomes NaN.
func Max(s Shape, y []float32, idx []int32, x []float32) {
	s.check("Max", len(x), len(y))
	if len(idx) != len(y) {
		panic(fmt.Sprintf("pool: Max: %d outputs, %d indices", len(y), len(idx)))
	}
	MaxRef(s, y, idx, x)
}

// MaxGrad computes the gradient of [Max] with respect to its input: dx[idx[o]] sums g[o], the rest
// of dx is 0. idx comes from Max with the same shape.
func MaxGrad(s Shape, dx, g []float32, idx []int32) {
	s.check("MaxGrad", len(dx), len(g))
	if len(idx) != len(g) {
		panic(fmt.Sprintf("pool: MaxGrad: %d outputs, %d indices", len(g), len(idx)))
	}
	MaxGradRef(s, dx, g, idx)
}

// MaxGather computes y[o] = x[idx[o]]: what [Max] did to its input, done to another one. It is the
// derivative of Max in the direction x.
func MaxGather(y, x []float32, idx []int32) {
	if len(idx) != len(y) {
		panic(fmt.Sprintf("pool: MaxGather: %d outputs, %d indices", len(y), len(idx)))
	}
	MaxGatherRef(y, x, idx)
}

// Avg computes y = sum of each window and channel of x, divided by SizeH*SizeW: padding counts as
// zeros, as in PyTorch unless told otherwise.
func Avg(s Shape, y, x []float32) {
	s.check("Avg", len(x), len(y))
	AvgRef(s, y, x)
}

// AvgGrad computes the gradient of [Avg] with respect to its input: dx sums g/(SizeH*SizeW) over the
// windows that cover an element.
func AvgGrad(s Shape, dx, g []float32) {
	s.check("AvgGrad", len(dx), len(g))
	AvgGradRef(s, dx, g)
}

// GlobalAvg computes y[n,c] = mean over p of x[n,p,c] for x [n, hw, c].
func GlobalAvg(y, x []float32, n, hw, c int) {
	checkGlobal("GlobalAvg", len(y), len(x), n, hw, c)
	GlobalAvgRef(y, x, n, hw, c)
}

// GlobalAvgGrad computes the gradient of [GlobalAvg] with respect to its input,
// dx[n,p,c] = g[n,c]/hw for dx [n, hw, c].
func GlobalAvgGrad(dx, g []float32, n, hw, c int) {
	checkGlobal("GlobalAvgGrad", len(g), len(dx), n, hw, c)
	GlobalAvgGradRef(dx, g, n, hw, c)
}

func checkGlobal(op string, small, large, n, hw, c int) {
	if n < 0 || hw < 1 || c < 0 || small != n*c || large != n*hw*c {
		panic(fmt.Sprintf("pool: %s: [%d %d %d]: has %d and %d elements", op, n, hw, c, small, large))
	}
}
