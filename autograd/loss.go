package autograd

import (
	"fmt"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// CrossEntropy returns the mean over the rows of logits [N,K] of the cross-entropy, in nats,
//
//	-sum over k of t[k] * log softmax(logits)[k],  t = (1-smoothing)*onehot(label) + smoothing/K
//
// smoothing lies in [0,1]; 0 gives the usual loss. Loss and derivatives have all their digits also where the logits
// are sure of the label. labels must not change until the tape's Reset.
// Source of the smoothing: Szegedy et al. 2016, section 7.
func CrossEntropy(logits *Var, labels []int, smoothing float32) *Var {
	y := result("CrossEntropy", logits)
	*attr[targets](y) = targets{labels, smoothing}
	y.buffer().Data()[0] = float32(tensor.CrossEntropy(logits.value, labels, smoothing))
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = Mul(crossEntropyGrad(y.in[0], *attr[targets](y)), g)
	})
}

type targets struct {
	labels    []int
	smoothing float32
}

// crossEntropyGrad is the gradient of CrossEntropy: (softmax(logits) - t) / N.
func crossEntropyGrad(logits *Var, t targets) *Var {
	y := result("crossEntropyGrad", logits)
	*attr[targets](y) = t
	tensor.CrossEntropyGrad(y.buffer(logits.Shape()...), logits.value, t.labels, t.smoothing)
	return y.returns(func(y, h *Var, d []*Var) {
		logits := y.in[0]
		d[0] = Scale(Mul(softmax(logits), logSoftmaxJVP(logits, h)), 1/float32(logits.Shape()[0]))
	})
}

// SoftCrossEntropy returns the cross-entropy of each row of logits [N,K] with a distribution t[n], in nats,
//
//	-sum over k of t[n,k] * log softmax(logits[n])[k]
//
// as [N], as precise as [CrossEntropy]. A target of 0 adds 0, however improbable its class. t must not change until
// the tape's Reset.
func SoftCrossEntropy(logits *Var, t *tensor.Tensor) *Var {
	y := result("SoftCrossEntropy", logits)
	*attr[*tensor.Tensor](y) = t
	tensor.SoftCrossEntropy(y.buffer(y.shapes.SoftCrossEntropy(logits.Shape(), t.Shape())...), logits.value, t)
	return y.returns(func(y, g *Var, d []*Var) {
		t := Const(*attr[*tensor.Tensor](y))
		d[0] = Mul(logSoftmaxVJP(y.in[0], t), Neg(Reshape(g, t.Shape()[0], 1)))
	})
}

// MSE returns the mean over all elements of (a-b)^2. The squares and their sum are taken in float64: for a
// finite a-b, only a mean that float32 does not hold is infinite.
func MSE(a, b *Var) *Var {
	if !slices.Equal(a.Shape(), b.Shape()) {
		panic(fmt.Sprintf("autograd: MSE: %v x %v: shapes differ", a.Shape(), b.Shape()))
	}
	difference := Sub(a, b)
	y := result("MSE", difference)
	y.buffer().Data()[0] = tensor.MeanSquare(difference.value)
	return y.returns(func(y, g *Var, d []*Var) {
		difference := y.in[0]
		d[0] = Mul(Scale(difference, 2/float32(difference.value.Len())), g)
	})
}
