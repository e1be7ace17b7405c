package conv

// Forward computes y = x * w, overwriting y. The formula is the package comment's.
func Forward(s Shape, y, x, w []float32) {
	s.check("Forward", len(x), len(w), len(y))
	ForwardRef(s, y, x, w)
}

// InputGrad computes dx, the gradient with respect to x of Σ y·dy, overwriting dx.
func InputGrad(s Shape, dx, dy, w []float32) {
	s.check("InputGrad", len(dx), len(w), len(dy))
	InputGradRef(s, dx, dy, w)
}

// WeightGrad computes dw, the gradient with respect to w of Σ y·dy, overwriting dw.
func WeightGrad(s Shape, dw, x, dy []float32) {
	s.check("WeightGrad", len(x), len(dw), len(dy))
	WeightGradRef(s, dw, x, dy)
}
