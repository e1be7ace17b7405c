package tensor

import "github.com/residuum-go/residuum/internal/kernel/vec"

// Softmax computes e**a[i] / sum over j of e**a[j] along the last axis, without overflow.
func Softmax(dst, a *Tensor) *Tensor {
	const op = "Softmax"
	_, c := lastAxis(op, a)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.SoftmaxRows(dst.data, a.data, c)
	return dst
}

// LogSoftmax computes a[i] - log of the sum over j of e**a[j] along the last axis, without overflow.
func LogSoftmax(dst, a *Tensor) *Tensor {
	const op = "LogSoftmax"
	_, c := lastAxis(op, a)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.LogSoftmaxRows(dst.data, a.data, c)
	return dst
}
