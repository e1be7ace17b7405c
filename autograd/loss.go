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
// smoothing lies in [0,1]; 0 gives the usual loss. labels must not change until the tape's Reset.
// Source of the smoothing: Szegedy et al. 2016, section 7.
func CrossEntropy(logits *Var, labels []int, smoothing float32) *Var {
	checkLabels(logits, labels, smoothing)
	y := result("CrossEntropy", logits)
	*attr[targets](y) = targets{labels, smoothing}
	logp := tensor.LogSoftmax(y.scratch(logits.Shape()...), logits.value).Data()
	n, k := len(labels), logits.Shape()[1]
	hit, all := 0.0, 0.0
	for i, label := range labels {
		row := logp[i*k : (i+1)*k]
		hit += float64(row[label])
		if smoothing > 0 {
			for _, v := range row {
				all += float64(v)
			}
		}
	}
	s := float64(smoothing)
	y.buffer().Data()[0] = float32(-((1-s)*hit + s*all/float64(k)) / float64(n))
	return y.returns(func(y, g *Var, d []*Var) {
		d[0] = Mul(crossEntropyGrad(y.in[0], *attr[targets](y)), g)
	})
}

type targets struct {
	labels    []int
	smoothing float32
}

func checkLabels(logits *Var, labels []int, smoothing float32) {
	shape := logits.Shape()
	if len(shape) != 2 || shape[0] != len(labels) {
		panic(fmt.Sprintf("autograd: CrossEntropy: %v and %d labels: want [N K] and N labels", shape, len(labels)))
	}
	if !(smoothing >= 0 && smoothing <= 1) {
		panic(fmt.Sprintf("autograd: CrossEntropy: smoothing %v is outside [0,1]", smoothing))
	}
	for i, label := range labels {
		if label < 0 || label >= shape[1] {
			panic(fmt.Sprintf("autograd: CrossEntropy: %v: label %d of row %d is not a class", shape, label, i))
		}
	}
}

// crossEntropyGrad is the gradient of CrossEntropy: (softmax(logits) - t) / N.
func crossEntropyGrad(logits *Var, t targets) *Var {
	y := result("crossEntropyGrad", logits)
	shape := logits.Shape()
	n, k := shape[0], shape[1]
	p := tensor.Softmax(y.buffer(shape...), logits.value)
	if t.smoothing > 0 {
		tensor.AddScalar(p, p, -t.smoothing/float32(k))
	}
	for i, label := range t.labels {
		p.Data()[i*k+label] -= 1 - t.smoothing
	}
	tensor.Scale(p, p, 1/float32(n))
	return y.returns(func(y, h *Var, d []*Var) {
		logits := y.in[0]
		d[0] = Scale(softmaxGrad(Softmax(logits), h), 1/float32(logits.Shape()[0]))
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
	v := difference.value
	y.buffer().Data()[0] = float32(tensor.Dot(v, v) / float64(v.Len()))
	return y.returns(func(y, g *Var, d []*Var) {
		difference := y.in[0]
		d[0] = Mul(Scale(difference, 2/float32(difference.value.Len())), g)
	})
}
