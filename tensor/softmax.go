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

// LogSoftmax computes a[i] - log of the sum over j of e**a[j] along the last axis, without overflow, and with all
// digits where the result is near 0.
func LogSoftmax(dst, a *Tensor) *Tensor {
	const op = "LogSoftmax"
	_, c := lastAxis(op, a)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a)
	vec.LogSoftmaxRows(dst.data, a.data, c)
	return dst
}

// LogSoftmaxVJP computes g[i] - p[i] * sum over j of g[j] along the last axis, where p = softmax(a): the
// gradient of [LogSoftmax] at a, for g of equal shape. Every element is right to the last digits of float32, also
// where p is one-hot but for what float32 cannot hold, and g and p times its sum are all but equal.
func LogSoftmaxVJP(dst, a, g *Tensor) *Tensor {
	return overRows("LogSoftmaxVJP", dst, a, g, vec.LogSoftmaxVJPRows)
}

// LogSoftmaxJVP computes h[i] - sum over j of p[j] * h[j] along the last axis, where p = softmax(a): the derivative
// of [LogSoftmax] at a in the direction h, of equal shape. Multiplied by p it is that of [Softmax]. Its
// elements are as right as those of [LogSoftmaxVJP].
func LogSoftmaxJVP(dst, a, h *Tensor) *Tensor {
	return overRows("LogSoftmaxJVP", dst, a, h, vec.LogSoftmaxJVPRows)
}

func overRows(op string, dst, a, b *Tensor, kernel func(dst, a, b []float32, c int)) *Tensor {
	_, c := lastAxis(op, a)
	sameShape(op, a, b)
	dst = out(op, dst, a.shape)
	apartOrSame(op, dst, a, b)
	kernel(dst.data, a.data, b.data, c)
	return dst
}
