package boost

import (
	"cmp"
	"fmt"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// The losses of this file are negative log likelihoods, but for terms without F, of targets with the mean exp F.

// Poisson is l(y, F) = sum_k exp F_k - y_k F_k, for counts y >= 0.
type Poisson struct{}

// Check accepts targets that are not negative.
func (Poisson) Check(y *tensor.Tensor) error { return atLeast(y, 0) }

// Rows implements Loss.
func (Poisson) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return autograd.Sum(autograd.Sub(autograd.Exp(f), autograd.Mul(autograd.Const(y), f)), 1)
}

// Start returns the logarithms of the weighted means.
func (Poisson) Start(d Data) []float64 { return logMeans(d) }

// Curvature returns exp F.
func (Poisson) Curvature(dst, f, _ *tensor.Tensor) *tensor.Tensor { return tensor.Exp(dst, f) }

// Gamma is l(y, F) = sum_k y_k exp(-F_k) + F_k, for targets y > 0 whose spread is proportional to their mean (McCullagh,
// Nelder 1989, "Generalized linear models", chapter 8).
type Gamma struct{}

// Check accepts targets above 0.
func (Gamma) Check(y *tensor.Tensor) error { return atLeast(y, math.SmallestNonzeroFloat32) }

// Rows implements Loss.
func (Gamma) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	return autograd.Sum(autograd.Add(autograd.Mul(autograd.Const(y), autograd.Exp(autograd.Neg(f))), f), 1)
}

// Start returns the logarithms of the weighted means.
func (Gamma) Start(d Data) []float64 { return logMeans(d) }

// Curvature returns y exp(-F).
func (Gamma) Curvature(dst, f, y *tensor.Tensor) *tensor.Tensor {
	h := tensor.Exp(dst, tensor.Neg(dst, f))
	return tensor.Mul(h, h, y)
}

// Tweedie is l(y, F) = sum_k exp((2-p) F_k)/(2-p) - y_k exp((1-p) F_k)/(1-p), for targets y >= 0 that are often 0, sums of
// a Poisson number of gamma variables (Jorgensen 1987, "Exponential dispersion models").
type Tweedie struct {
	Power float64 // p in (1, 2): near 1 it is Poisson, near 2 gamma; 0 means 1.5
}

func (t Tweedie) power() float64 { return cmp.Or(t.Power, 1.5) }

// Check accepts targets that are not negative.
func (t Tweedie) Check(y *tensor.Tensor) error {
	err := demand.All("boost.Tweedie",
		demand.That(t.power() > 1 && t.power() < 2, "Power", t.Power, "want a number in (1, 2), or 0 for 1.5"))
	if err != nil {
		return err
	}
	return atLeast(y, 0)
}

// Rows implements Loss.
func (t Tweedie) Rows(f *autograd.Var, y *tensor.Tensor) *autograd.Var {
	a, b := float32(1-t.power()), float32(2-t.power())
	mean := autograd.Scale(autograd.Exp(autograd.Scale(f, b)), 1/b)
	target := autograd.Mul(autograd.Const(y), autograd.Scale(autograd.Exp(autograd.Scale(f, a)), 1/a))
	return autograd.Sum(autograd.Sub(mean, target), 1)
}

// Start returns the logarithms of the weighted means.
func (Tweedie) Start(d Data) []float64 { return logMeans(d) }

// Curvature returns (2-p) exp((2-p) F) - (1-p) y exp((1-p) F).
func (t Tweedie) Curvature(dst, f, y *tensor.Tensor) *tensor.Tensor {
	out, a, b := orNew(dst, f), 1-t.power(), 2-t.power()
	for i, v := range f.Data() {
		out.Data()[i] = float32(b*math.Exp(b*float64(v)) - a*float64(y.Data()[i])*math.Exp(a*float64(v)))
	}
	return out
}

func atLeast(y *tensor.Tensor, least float32) error {
	for i, v := range y.Data() {
		if v < least {
			return fmt.Errorf("targets: %v at row %d is too small: %w", v, i/y.Dim(1), ErrData)
		}
	}
	return nil
}

func logMeans(d Data) []float64 {
	c := columnMeans(d)
	for k, mean := range c {
		c[k] = math.Log(max(mean, rare))
	}
	return c
}
