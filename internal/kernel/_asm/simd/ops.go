package simd

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// instruction is an instruction whose first operand may be memory.
type instruction func(ops ...Op)

// emit emits i, or broadcast, its form that broadcasts a word, if a wide machine's first operand is a
// [Number].
func (m *Machine) emit(i, broadcast instruction, first Op, rest ...Op) {
	if c, ok := first.(Number); ok {
		first = c.Mem
		if m.Wide() {
			i = broadcast
		}
	}
	i(append([]Op{first}, rest...)...)
}

// Add returns a + b.
func (m *Machine) Add(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VADDPS, m.VADDPS_BCST, b, a, d)
	return d
}

// Sub returns a - b.
func (m *Machine) Sub(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VSUBPS, m.VSUBPS_BCST, b, a, d)
	return d
}

// Mul returns a * b.
func (m *Machine) Mul(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VMULPS, m.VMULPS_BCST, b, a, d)
	return d
}

// Div returns a / b.
func (m *Machine) Div(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VDIVPS, m.VDIVPS_BCST, b, a, d)
	return d
}

// Sqrt returns the square root of a.
func (m *Machine) Sqrt(a Op) reg.VecVirtual {
	d := m.Vec()
	m.VSQRTPS(a, d)
	return d
}

// MulAdd sets p to p*a + b, rounded once, and returns p.
func (m *Machine) MulAdd(p, a reg.VecVirtual, b Op) reg.VecVirtual {
	m.emit(m.VFMADD213PS, m.VFMADD213PS_BCST, b, a, p)
	return p
}

// MulNegAdd sets p to b - p*a, rounded once, and returns p.
func (m *Machine) MulNegAdd(p, a reg.VecVirtual, b Op) reg.VecVirtual {
	m.emit(m.VFNMADD213PS, m.VFNMADD213PS_BCST, b, a, p)
	return p
}

// AddMul sets s to s + a*b, rounded once, and returns s.
func (m *Machine) AddMul(s, a reg.VecVirtual, b Op) reg.VecVirtual {
	m.emit(m.VFMADD231PS, m.VFMADD231PS_BCST, b, a, s)
	return s
}

// SubMul sets s to s - a*b, rounded once, and returns s.
func (m *Machine) SubMul(s, a reg.VecVirtual, b Op) reg.VecVirtual {
	m.emit(m.VFNMADD231PS, m.VFNMADD231PS_BCST, b, a, s)
	return s
}

// Copy returns a copy of a, a register, memory or a constant.
func (m *Machine) Copy(a Op) reg.VecVirtual {
	d := m.Vec()
	if c, ok := a.(Number); ok {
		m.VBROADCASTSS(c.Mem, d)
	} else {
		m.VMOVUPS(a, d)
	}
	return d
}

// Zero returns zeros.
func (m *Machine) Zero() reg.VecVirtual {
	d := m.Vec()
	m.Clear(d)
	return d
}

// Max returns the larger of a and b, and b if either is NaN or both are zero.
func (m *Machine) Max(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VMAXPS, m.VMAXPS_BCST, b, a, d)
	return d
}

// Maximum is Max by the rule of IEEE 754-2019: NaN if either is NaN, and +0 is larger than -0. Where the two
// orders of the operands differ, one is NaN or their signs do: setting the bits that differ keeps a NaN and makes
// a zero -0, and subtracting -0 from that makes it +0.
func (m *Machine) Maximum(a, b reg.VecVirtual) reg.VecVirtual {
	larger := m.Max(a, b)
	differs := m.Xor(larger, m.Max(b, a))
	return m.Sub(m.Or(larger, differs), differs)
}

// Min returns the smaller of a and b, and b if either is NaN or both are zero.
func (m *Machine) Min(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VMINPS, m.VMINPS_BCST, b, a, d)
	return d
}

// AtMost returns the smaller of a and the constant c, NaN where a is NaN.
func (m *Machine) AtMost(a reg.VecVirtual, c float64) reg.VecVirtual {
	return m.Min(m.Copy(m.F(c)), a)
}

// AtLeast returns the larger of a and the constant c, NaN where a is NaN.
func (m *Machine) AtLeast(a reg.VecVirtual, c float64) reg.VecVirtual {
	return m.Max(m.Copy(m.F(c)), a)
}

// ReLU returns 0 where a < 0, else a.
func (m *Machine) ReLU(a Op) reg.VecVirtual { return m.Max(m.Zero(), a) }

// And returns the bitwise a & b.
func (m *Machine) And(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VANDPS, m.VANDPS_BCST, b, a, d)
	return d
}

// Or returns the bitwise a | b.
func (m *Machine) Or(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VORPS, m.VORPS_BCST, b, a, d)
	return d
}

// Xor returns the bitwise a ^ b.
func (m *Machine) Xor(a reg.VecVirtual, b Op) reg.VecVirtual {
	d := m.Vec()
	m.emit(m.VXORPS, m.VXORPS_BCST, b, a, d)
	return d
}

// Abs returns |a|.
func (m *Machine) Abs(a reg.VecVirtual) reg.VecVirtual { return m.And(a, m.Bits(0x7fffffff)) }

// Sign returns the sign bit of a alone.
func (m *Machine) Sign(a reg.VecVirtual) reg.VecVirtual { return m.And(a, m.Bits(0x80000000)) }

// Cond is the outcome of a comparison in every lane: an opmask, or a vector of all-ones and zeros.
type Cond struct{ Op }

// Comparisons. But for the last two they are false for NaN.
const (
	Equal          = 0x00
	Less           = 0x11
	Greater        = 0x1e
	Ordered        = 0x07 // neither is NaN
	Unordered      = 0x03 // one is NaN
	NotLessOrEqual = 0x16 // greater, or one is NaN
	NotGreater     = 0x1a // less or equal, or one is NaN
)

// Compare returns a op b; b is no constant.
func (m *Machine) Compare(op uint8, a reg.VecVirtual, b Op) Cond {
	if m.Wide() {
		k := m.K()
		m.VCMPPS(U8(op), b, a, k)
		return Cond{k}
	}
	d := m.Vec()
	m.VCMPPS(U8(op), b, a, d)
	return Cond{d}
}

// CompareAnd returns (a op b) && c.
func (m *Machine) CompareAnd(c Cond, op uint8, a reg.VecVirtual, b Op) Cond {
	if m.Wide() {
		k := m.K()
		m.VCMPPS(U8(op), b, a, c.Op, k)
		return Cond{k}
	}
	d := m.Vec()
	m.VCMPPS(U8(op), b, a, d)
	m.VANDPS(d, c.Op, d)
	return Cond{d}
}

// EqualInts returns whether the lanes of a and b, taken as integers, are equal.
func (m *Machine) EqualInts(a reg.VecVirtual, b Op) Cond {
	if m.Wide() {
		k := m.K()
		m.VPCMPEQD(b, a, k)
		return Cond{k}
	}
	d := m.Vec()
	m.VPCMPEQD(b, a, d)
	return Cond{d}
}

// Select returns yes where c, else no.
func (m *Machine) Select(c Cond, yes Op, no reg.VecVirtual) reg.VecVirtual {
	d := m.Vec()
	if m.Wide() {
		m.emit(m.VBLENDMPS, m.VBLENDMPS_BCST, yes, no, c.Op, d)
	} else {
		if k, ok := yes.(Number); ok {
			yes = k.Mem
		}
		m.VBLENDVPS(c.Op, yes, no, d)
	}
	return d
}

// Merge sets into to yes where c.
func (m *Machine) Merge(into reg.VecVirtual, c Cond, yes reg.VecVirtual) {
	if m.Wide() {
		m.VMOVAPS(yes, c.Op, into)
	} else {
		m.VBLENDVPS(c.Op, yes, into, into)
	}
}

// Clear sets v to zeros.
func (m *Machine) Clear(v reg.VecVirtual) {
	if m.Wide() {
		m.VPXORD(v, v, v)
	} else {
		m.VXORPS(v, v, v)
	}
}

// Where returns a where c, else 0.
func (m *Machine) Where(c Cond, a reg.VecVirtual) reg.VecVirtual {
	d := m.Vec()
	if m.Wide() {
		m.VMOVAPS_Z(a, c.Op, d)
	} else {
		m.VANDPS(a, c.Op, d)
	}
	return d
}

// Round returns a rounded to the nearest integer, ties to even.
func (m *Machine) Round(a Op) reg.VecVirtual {
	d := m.Vec()
	const nearest = U8(8)
	if m.Wide() {
		m.VRNDSCALEPS(nearest, a, d)
	} else {
		m.VROUNDPS(nearest, a, d)
	}
	return d
}

// Polynomial returns c[0] + c[1]*x + c[2]*x^2 + ...
func (m *Machine) Polynomial(x reg.VecVirtual, c []float64) reg.VecVirtual {
	p := m.Copy(m.F(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		m.MulAdd(p, x, m.F(c[i]))
	}
	return p
}

// Widen returns the low and the high half of a as float64.
func (m *Machine) Widen(a reg.VecVirtual) (lo, hi reg.VecVirtual) {
	lo, hi = m.Vec(), m.Vec()
	high := m.Half()
	if m.Wide() {
		m.VEXTRACTF64X4(U8(1), a, high)
		m.VCVTPS2PD(a.AsY(), lo)
	} else {
		m.VEXTRACTF128(U8(1), a, high)
		m.VCVTPS2PD(a.AsX(), lo)
	}
	m.VCVTPS2PD(high, hi)
	return lo, hi
}

// SumLanes returns the sum of the float64 lanes of v in its lowest lane. It destroys v.
func (m *Machine) SumLanes(v reg.VecVirtual) reg.VecVirtual {
	high := m.YMM()
	if m.Wide() {
		m.VEXTRACTF64X4(U8(1), v, high)
		m.VADDPD(high, v.AsY(), v.AsY())
	}
	m.VEXTRACTF128(U8(1), v.AsY(), high.AsX())
	m.VADDPD(high.AsX(), v.AsX(), v.AsX())
	m.VUNPCKHPD(v.AsX(), v.AsX(), high.AsX())
	m.VADDSD(high.AsX(), v.AsX(), v.AsX())
	return v
}

// MaxLanes returns the largest of the float32 lanes of v, which has no NaN, in its lowest lane. It
// destroys v.
func (m *Machine) MaxLanes(v reg.VecVirtual) reg.VecVirtual {
	high := m.YMM()
	if m.Wide() {
		m.VEXTRACTF64X4(U8(1), v, high)
		m.VMAXPS(high, v.AsY(), v.AsY())
	}
	m.VEXTRACTF128(U8(1), v.AsY(), high.AsX())
	m.VMAXPS(high.AsX(), v.AsX(), v.AsX())
	m.VPERMILPS(U8(0b1110), v.AsX(), high.AsX())
	m.VMAXPS(high.AsX(), v.AsX(), v.AsX())
	m.VPERMILPS(U8(1), v.AsX(), high.AsX())
	m.VMAXPS(high.AsX(), v.AsX(), v.AsX())
	return v
}
