package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// CrossEntropy returns the mean over the rows of logits [N, K] of their cross-entropy, in nats, with the targets
// t = (1-smoothing)*onehot(label) + smoothing/K:
//
//	-sum over k of t[k] * log softmax(logits)[k]
//
// Labels lie in [0, K) and smoothing in [0, 1].
func CrossEntropy(logits *Tensor, labels []int, smoothing float32) float64 {
	checkLabels("CrossEntropy", logits, labels, smoothing)
	return vec.CrossEntropyMean(logits.data, labels, smoothing, logits.shape[1])
}

// CrossEntropyGrad computes the gradient of [CrossEntropy], (softmax(logits) - t) / N. Like those of
// [LogSoftmaxVJP], all its elements are right to the last digits.
func CrossEntropyGrad(dst, logits *Tensor, labels []int, smoothing float32) *Tensor {
	const op = "CrossEntropyGrad"
	checkLabels(op, logits, labels, smoothing)
	dst = out(op, dst, logits.shape)
	apartOrSame(op, dst, logits)
	vec.CrossEntropyMeanGrad(dst.data, logits.data, labels, smoothing, logits.shape[1])
	return dst
}

func checkLabels(op string, logits *Tensor, labels []int, smoothing float32) {
	shape := logits.shape
	if len(shape) != 2 || shape[0] != len(labels) {
		panic("tensor: " + op + ": " + shapeString(shape) + " and " + itoa(len(labels)) + " labels: want [N K] and N labels")
	}
	if !(smoothing >= 0 && smoothing <= 1) {
		fail(op, "smoothing "+number(smoothing)+" is outside [0,1]", shape)
	}
	for i, label := range labels {
		if label < 0 || label >= shape[1] {
			fail(op, "label "+itoa(label)+" of row "+itoa(i)+" is not a class: want 0 to "+itoa(shape[1]-1), shape)
		}
	}
}

// SoftCrossEntropy computes -sum over k of t[n,k] * log softmax(logits[n])[k], in nats, for logits and targets t
// [N, K]; the result is [N]. A target of 0 adds 0, however improbable its class. The gradient by the logits
// is minus [LogSoftmaxVJP] with t for g.
func SoftCrossEntropy(dst, logits, t *Tensor) *Tensor {
	const op = "SoftCrossEntropy"
	var s Shapes
	dst = out(op, dst, s.SoftCrossEntropy(logits.shape, t.shape))
	apart(op, dst, logits, t)
	vec.CrossEntropyRows(dst.data, logits.data, t.data, logits.shape[1])
	return dst
}
