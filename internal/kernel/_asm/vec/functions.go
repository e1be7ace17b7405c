package main

import (
	"math"
	"regexp"
	"strings"

	"github.com/residuum-go/residuum/internal/kernel/_asm/minimax"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// function is an elementwise function of one or two vectors. Its kernels, the functions of packages vec and tensor with
// their comments, and the rows of their tests follow from what is said here; its reference, NameRef, is in package vec.
type function struct {
	name, value string  // it computes dst[i] = value
	note        string  // the rest of that sentence
	ulps        float64 // off at most, found by trying every float32 on every level; 0 if it is exact
}

// kernel returns the name of the function's kernel.
func (f function) kernel() string {
	return regexp.MustCompile(`^([A-Z]\w?LU|[A-Z])`).ReplaceAllStringFunc(f.name, strings.ToLower)
}

func (f function) describe(params string) vector.Func {
	return vector.Func{Name: f.kernel(), Params: params, Doc: "dst[i] = " + f.value, Go: f.name + "Ref[float32]"}
}

// binaries compute from two vectors.
var binaries = []struct {
	function
	body func(m vector.Machine, a, b vec) vec
}{
	{function{name: "Add", value: "a[i] + b[i]"}, vector.Machine.Add},
	{function{name: "Sub", value: "a[i] - b[i]"}, vector.Machine.Sub},
	{function{name: "Mul", value: "a[i] * b[i]"}, vector.Machine.Mul},
	{function{name: "Div", value: "a[i] / b[i]"}, vector.Machine.Div},
	{function{name: "Max", value: "max(a[i], b[i])",
		note: ", the maximum of IEEE 754-2019 and of Go: NaN if either is NaN, and +0 is larger than -0"}, vector.Machine.Max},
	{function{name: "AddReLU", value: "relu(a[i] + b[i])", note: ", with [ReLU]'s rule for NaN and -0"},
		func(m vector.Machine, a, b vec) vec { return m.ReLU(m.Add(a, b)) }},
	{function{name: "ReLUGrad", value: "0 where a[i] <= 0, else b[i]",
		note: ": the gradient b of the output a of [ReLU] where that was positive. It also is where that was NaN, as in " +
			"PyTorch: the gradient must not hide it"},
		func(m vector.Machine, a, b vec) vec { return m.Where(m.CompareZero(vector.NotLessOrEqual, a), b) }},
}

// unaries compute from one vector.
var unaries = []struct {
	function
	body func(m vector.Machine, a vec) vec
}{
	{function{name: "Abs", value: "|a[i]|"}, vector.Machine.Abs},
	{function{name: "Sqrt", value: "sqrt(a[i])", note: ", correctly rounded; below -0 it is NaN"}, vector.Machine.Sqrt},
	{function{name: "ReLU", value: "0 where a[i] < 0, else a[i]", note: ": max(a[i], 0), but NaN and -0 pass"}, vector.Machine.ReLU},
	{function{name: "Step", value: "1 where a[i] > 0, else 0", note: ": the derivative of [ReLU], NaN has none"},
		func(m vector.Machine, a vec) vec { return m.Where(m.CompareZero(vector.Greater, a), m.F(1)) }},
	{function{name: "Exp", value: "e^a[i]", ulps: 1.02, note: ", denormal results included"}, exponential},
	{function{name: "Log", value: "ln a[i]", ulps: 0.92, note: "; of ±0 it is -Inf, below 0 NaN"}, logarithm},
	{function{name: "Tanh", value: "tanh a[i]", ulps: 2.62}, tangent},
	{function{name: "Sigmoid", value: "1/(1 + e^-a[i])", ulps: 2.41, note: ", tiny results included"}, sigmoid},
	{function{name: "Softplus", value: "ln(1 + e^a[i])", ulps: 1.69, note: ", tiny results included"}, softplus},
	{function{name: "SiLU", value: "a[i]/(1 + e^-a[i])", ulps: 3.40, note: ", tiny results included; of -Inf it is -0"}, silu},
}

func elementwise(m vector.Machine) {
	for _, f := range binaries {
		m.Streamed(f.describe("dst a b"), unroll, func(l vector.Loop) {
			a := l.Get("a")
			l.Set("dst", f.body(m, a, l.Get("b")))
		})
	}
	withScalar := func(name, params, value string, body func(l vector.Loop) vec) {
		f := function{name: name, value: value}
		m.Streamed(f.describe(params), unroll, func(l vector.Loop) { l.Set("dst", body(l)) })
	}
	withScalar("AddScalar", "dst a $s", "a[i] + s", func(l vector.Loop) vec { return m.Add(l.Get("a"), l.Scalar("s")) })
	withScalar("Scale", "dst a $s", "a[i] * s", func(l vector.Loop) vec { return m.Mul(l.Get("a"), l.Scalar("s")) })
	withScalar("AddScaled", "dst a $s b", "a[i] + s*b[i]", func(l vector.Loop) vec {
		return m.AddMul(l.Get("a"), l.Scalar("s"), l.Get("b"))
	})
	withScalar("Fill", "dst $v", "v", func(l vector.Loop) vec { return l.Scalar("v") })
	for _, f := range unaries {
		turn := unroll
		if f.ulps > 0 {
			turn = 2 // enough work for one
		}
		m.Streamed(f.describe("dst a"), turn, func(l vector.Loop) { l.Set("dst", f.body(m, l.Get("a"))) })
	}
}

// polynomial returns c[0] + c[1]*x + c[2]*x^2 + ...
func polynomial(m vector.Machine, x vec, c []float64) vec {
	p := m.Copy(m.F(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		p = m.MulAdd(p, x, m.F(c[i]))
	}
	return p
}

// reduce returns n = round(x/ln 2) and e^r - 1 for r = x - n*ln 2.
func reduce(m vector.Machine, x vec) (n, e vec) {
	n = m.Round(m.Mul(x, m.F(math.Log2E)))
	r := m.Copy(x)
	m.SubMul(r, n, m.F(minimax.Ln2))
	m.SubMul(r, n, m.F(minimax.Ln2Rest))
	e = polynomial(m, r, minimax.Exp)
	return n, m.MulAdd(e, m.Mul(r, r), r)
}

// scale returns a * 2^n for an integer n in [-252, 254], rounded once.
func scale(m vector.Machine, a, n vec) vec {
	if exponents := m.Exponents(); exponents != nil {
		return exponents.Scale(a, n)
	}
	// Half the exponent at a time, so that 2^n need not be a normal number.
	k := m.ToInts(n)
	half := m.ShiftRight(k, 1)
	k = m.SubInts(k, half)
	return m.Mul(m.Mul(a, power(m, half)), power(m, k))
}

// power returns 2^k for integers k in [-126, 127].
func power(m vector.Machine, k vec) vec {
	return m.ShiftLeft(m.AddInts(k, m.Bits(127)), 23)
}

func exponential(m vector.Machine, x vec) vec {
	return exponentialUpTo89(m, m.AtMost(x, m.F(89))) // beyond lies +Inf
}

// exponentialUpTo89 is e^x for x <= 89.
func exponentialUpTo89(m vector.Machine, x vec) vec {
	n, e := reduce(m, m.AtLeast(x, m.F(-105))) // beyond lies 0
	return scale(m, m.Add(e, m.F(1)), n)
}

// sigmoid is 1/(1+e) or e/(1+e) with e = exp(-|x|), which cannot overflow.
func sigmoid(m vector.Machine, x vec) vec {
	e := exponentialUpTo89(m, m.Or(x, m.Bits(0x80000000)))
	one := m.Copy(m.F(1))
	above := m.Select(m.CompareZero(vector.Less, x), e, one)
	return m.Div(above, m.Add(e, one))
}

// softplus is max(x, 0) + ln(1+e) with e = exp(-|x|) in [0, 1]. Of 1+e above 1.5 the half is near 1, and as near as e is to 1.
func softplus(m vector.Machine, x vec) vec {
	e := exponentialUpTo89(m, m.Or(x, m.Bits(0x80000000)))
	above := m.Compare(vector.Less, m.F(0.5), e)
	f := m.Select(above, m.Mul(m.Sub(e, m.F(1)), m.F(0.5)), e)
	return m.Add(logSum(m, m.Where(above, m.F(1)), f), m.ReLU(x))
}

// silu is x/(1+e) or x*e/(1+e) with e = exp(-|x|), which cannot overflow. The product with x is taken before e is scaled,
// so that it is rounded once where e is denormal.
func silu(m vector.Machine, x vec) vec {
	a := m.AtLeast(m.Or(x, m.Bits(0x80000000)), m.F(-126)) // -|x|; beyond lies -0
	n, e := reduce(m, a)
	e = m.Add(e, m.F(1))
	above := m.Select(m.CompareZero(vector.Less, x), scale(m, m.Mul(e, a), n), x)
	return m.Div(above, m.Add(scale(m, e, n), m.F(1)))
}

// tangent is tanh|x| = t/(t+2) with t = e^(2|x|) - 1, which is exact near 0, where t is 2|x|.
func tangent(m vector.Machine, x vec) vec {
	a := m.AtMost(m.Abs(x), m.F(9.1)) // beyond lies 1
	n, e := reduce(m, m.Add(a, a))
	one := m.Copy(m.F(1))
	var p vec
	if exponents := m.Exponents(); exponents != nil {
		p = exponents.Scale(one, n)
	} else {
		p = power(m, m.ToInts(n))
	}
	t := m.MulAdd(e, p, m.Sub(p, one))
	return m.Or(m.Div(t, m.Add(t, m.F(2))), m.Sign(x))
}

// logarithm is e*ln 2 + ln(1+f) for x = 2^e * (1+f) with 1+f in [3/4, 3/2).
func logarithm(m vector.Machine, x vec) vec {
	if exponents := m.Exponents(); exponents != nil {
		// The instructions give NaN for a negative x, and e = ±Inf with 1+f = 1 for +Inf and 0: both
		// parts of ln 2 are positive, so that these pass through.
		mantissa, e := exponents.Mantissa(x), exponents.Exponent(x)
		return logSum(m, m.Sub(e, exponents.Exponent(mantissa)), m.Sub(mantissa, m.F(1)))
	}
	tiny := m.Compare(vector.Less, x, m.F(0x1p-126))
	y := m.Select(tiny, m.Mul(x, m.F(0x1p23)), x)
	k := m.ShiftRight(m.SubInts(y, m.F(0.75)), 23)
	mantissa := m.SubInts(y, m.ShiftLeft(k, 23))
	e := m.FromInts(k)
	e = m.Sub(e, m.Where(tiny, m.F(23)))
	r := logSum(m, e, m.Sub(mantissa, m.F(1)))
	r = m.Select(m.Compare(vector.Equal, x, m.F(math.Inf(1))), x, r)
	r = m.Select(m.CompareZero(vector.NotGreater, x), m.F(math.NaN()), r)
	return m.Select(m.CompareZero(vector.Equal, x), m.F(math.Inf(-1)), r)
}

func logSum(m vector.Machine, e, f vec) vec {
	p := polynomial(m, f, minimax.Log)
	p = m.MulAdd(p, f, m.F(-0.5))
	w := m.Mul(p, m.Mul(f, f))
	w = m.AddMul(w, e, m.F(minimax.Ln2Low))
	return m.AddMul(m.Add(w, f), e, m.F(minimax.Ln2High))
}
