package simd

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// vec is the vector of the loops. Here it is a register, a [Number], or memory that one instruction reads.
type vec = vector.Vec

var _ vector.Machine = (*Machine)(nil)

// register returns a in a register.
func (m *Machine) register(a vec) reg.VecVirtual {
	if r, ok := a.(reg.VecVirtual); ok {
		return r
	}
	return m.Copy(a).(reg.VecVirtual)
}

// instruction is an instruction whose first operand may be memory.
type instruction func(ops ...Op)

// emit emits i, or broadcast, its form that broadcasts a word, if a wide machine's first operand is a [Number].
func (m *Machine) emit(i, broadcast instruction, first vec, rest ...Op) {
	if c, ok := first.(Number); ok {
		first = c.Mem
		if m.Wide() {
			i = broadcast
		}
	}
	i(append([]Op{first.(Op)}, rest...)...)
}

// binary returns a op b by one of two instructions, see [Machine.emit].
func (m *Machine) binary(i, broadcast instruction, a, b vec) vec {
	r, d := m.register(a), m.Vec()
	m.emit(i, broadcast, b, r, d)
	return d
}

func (m *Machine) Add(a, b vec) vec { return m.binary(m.VADDPS, m.VADDPS_BCST, a, b) }
func (m *Machine) Sub(a, b vec) vec { return m.binary(m.VSUBPS, m.VSUBPS_BCST, a, b) }
func (m *Machine) Mul(a, b vec) vec { return m.binary(m.VMULPS, m.VMULPS_BCST, a, b) }
func (m *Machine) Div(a, b vec) vec { return m.binary(m.VDIVPS, m.VDIVPS_BCST, a, b) }

func (m *Machine) And(a, b vec) vec { return m.binary(m.VANDPS, m.VANDPS_BCST, a, b) }
func (m *Machine) Or(a, b vec) vec  { return m.binary(m.VORPS, m.VORPS_BCST, a, b) }
func (m *Machine) Xor(a, b vec) vec { return m.binary(m.VXORPS, m.VXORPS_BCST, a, b) }

func (m *Machine) Abs(a vec) vec  { return m.And(a, m.Bits(0x7fffffff)) }
func (m *Machine) Sign(a vec) vec { return m.And(a, m.Bits(0x80000000)) }

func (m *Machine) Sqrt(a vec) vec {
	r, d := m.register(a), m.Vec()
	m.VSQRTPS(r, d)
	return d
}

// fuse emits a multiply-add into a.
func (m *Machine) fuse(i, broadcast instruction, a, b, c vec) vec {
	m.emit(i, broadcast, c, m.register(b), a.(Op))
	return a
}

func (m *Machine) MulAdd(a, b, c vec) vec { return m.fuse(m.VFMADD213PS, m.VFMADD213PS_BCST, a, b, c) }
func (m *Machine) MulNegAdd(a, b, c vec) vec {
	return m.fuse(m.VFNMADD213PS, m.VFNMADD213PS_BCST, a, b, c)
}
func (m *Machine) AddMul(s, a, b vec) vec { return m.fuse(m.VFMADD231PS, m.VFMADD231PS_BCST, s, a, b) }
func (m *Machine) SubMul(s, a, b vec) vec {
	return m.fuse(m.VFNMADD231PS, m.VFNMADD231PS_BCST, s, a, b)
}

func (m *Machine) AddTo(s, a vec) { m.VADDPS(a.(Op), s.(Op), s.(Op)) }

func (m *Machine) Copy(a vec) vec {
	d := m.Vec()
	if c, ok := a.(Number); ok {
		m.VBROADCASTSS(c.Mem, d)
	} else {
		m.VMOVUPS(a.(Op), d)
	}
	return d
}

func (m *Machine) Keep(a vec) vec { return m.Copy(a) }

func (m *Machine) Register() vec { return m.Vec() }

func (m *Machine) Move(into, a vec) { m.VMOVUPS(a.(Op), into.(Op)) }

func (m *Machine) Zero() vec {
	d := m.Vec()
	m.Clear(d)
	return d
}

func (m *Machine) Clear(v vec) {
	r := v.(Op)
	if m.Wide() {
		m.VPXORD(r, r, r)
	} else {
		m.VXORPS(r, r, r)
	}
}

// greater returns the larger of a and b, and b if either is NaN or both are zero.
func (m *Machine) greater(a, b vec) vec { return m.binary(m.VMAXPS, m.VMAXPS_BCST, a, b) }

// Max: where the two orders of the operands differ, one is NaN or their signs do: setting the bits that differ keeps
// a NaN and makes a zero -0, and subtracting -0 from that makes it +0.
func (m *Machine) Max(a, b vec) vec {
	larger := m.greater(a, b)
	differs := m.Xor(larger, m.greater(b, a))
	return m.Sub(m.Or(larger, differs), differs)
}

func (m *Machine) AtMost(a, c vec) vec  { return m.binary(m.VMINPS, m.VMINPS_BCST, c, a) }
func (m *Machine) AtLeast(a, c vec) vec { return m.greater(c, a) }
func (m *Machine) ReLU(a vec) vec       { return m.greater(m.Zero(), a) }

func (m *Machine) Round(a vec) vec {
	r, d := m.register(a), m.Vec()
	const nearest = U8(8)
	if m.Wide() {
		m.VRNDSCALEPS(nearest, r, d)
	} else {
		m.VROUNDPS(nearest, r, d)
	}
	return d
}

// cond is an opmask, or a vector of all-ones and zeros.
type cond struct{ Op }

// Predicates of the instruction that compares.
const (
	ordered        = 0x07 // neither is NaN
	Unordered      = 0x03 // one is NaN
	notLessOrEqual = 0x16
)

var predicates = map[vector.Comparison]uint8{vector.Equal: 0x00, vector.Less: 0x11, vector.Greater: 0x1e,
	vector.NotGreater: 0x1a, vector.NotLessOrEqual: notLessOrEqual}

func (m *Machine) Compare(op vector.Comparison, a, b vec) vector.Cond {
	return m.compare(predicates[op], a, b)
}

func (m *Machine) CompareZero(op vector.Comparison, a vec) vector.Cond {
	return m.Compare(op, a, m.Zero())
}

func (m *Machine) compare(predicate uint8, a, b vec) cond {
	x, y := m.register(a), m.register(b)
	if m.Wide() {
		k := m.K()
		m.VCMPPS(U8(predicate), y, x, k)
		return cond{k}
	}
	d := m.Vec()
	m.VCMPPS(U8(predicate), y, x, d)
	return cond{d}
}

func (m *Machine) Better(a, b vec) vector.Cond {
	x, y, valid := m.register(a), m.register(b), m.compare(ordered, b, b)
	if m.Wide() {
		k := m.K()
		m.VCMPPS(U8(notLessOrEqual), y, x, valid.Op, k)
		return cond{k}
	}
	d := m.Vec()
	m.VCMPPS(U8(notLessOrEqual), y, x, d)
	m.VANDPS(d, valid.Op, d)
	return cond{d}
}

func (m *Machine) EqualInts(a, b vec) vector.Cond {
	x, y := m.register(a), m.register(b)
	if m.Wide() {
		k := m.K()
		m.VPCMPEQD(y, x, k)
		return cond{k}
	}
	d := m.Vec()
	m.VPCMPEQD(y, x, d)
	return cond{d}
}

func (m *Machine) Where(c vector.Cond, a vec) vec {
	r, d := m.register(a), m.Vec()
	if m.Wide() {
		m.VMOVAPS_Z(r, c.(cond).Op, d)
	} else {
		m.VANDPS(r, c.(cond).Op, d)
	}
	return d
}

func (m *Machine) Select(c vector.Cond, yes, no vec) vec {
	r, d := m.register(no), m.Vec()
	if m.Wide() {
		m.emit(m.VBLENDMPS, m.VBLENDMPS_BCST, yes, r, c.(cond).Op, d)
	} else {
		if k, ok := yes.(Number); ok {
			yes = k.Mem
		}
		m.VBLENDVPS(c.(cond).Op, yes.(Op), r, d)
	}
	return d
}

func (m *Machine) Merge(into vec, c vector.Cond, yes vec) {
	if m.Wide() {
		m.VMOVAPS(m.register(yes), c.(cond).Op, into.(Op))
	} else {
		m.VBLENDVPS(c.(cond).Op, m.register(yes), into.(Op), into.(Op))
	}
}

func (m *Machine) AddInts(a, b vec) vec { return m.binary(m.VPADDD, m.VPADDD_BCST, a, b) }
func (m *Machine) SubInts(a, b vec) vec { return m.binary(m.VPSUBD, m.VPSUBD_BCST, a, b) }

func (m *Machine) ToInts(a vec) vec {
	r, d := m.register(a), m.Vec()
	m.VCVTPS2DQ(r, d)
	return d
}

func (m *Machine) FromInts(a vec) vec {
	r, d := m.register(a), m.Vec()
	m.VCVTDQ2PS(r, d)
	return d
}

func (m *Machine) ShiftLeft(a vec, bits int) vec {
	r, d := m.register(a), m.Vec()
	m.VPSLLD(U8(bits), r, d)
	return d
}

func (m *Machine) ShiftRight(a vec, bits int) vec {
	r, d := m.register(a), m.Vec()
	m.VPSRAD(U8(bits), r, d)
	return d
}

func (m *Machine) Exponents() vector.Exponents {
	if m.Wide() {
		return exponents{m}
	}
	return nil
}

type exponents struct{ *Machine }

func (m exponents) Scale(a, n vec) vec {
	x, k, d := m.register(a), m.register(n), m.Vec()
	m.VSCALEFPS(k, x, d)
	return d
}

func (m exponents) Mantissa(a vec) vec {
	r, d := m.register(a), m.Vec()
	m.VGETMANTPS(U8(0b1011), r, d)
	return d
}

func (m exponents) Exponent(a vec) vec {
	r, d := m.register(a), m.Vec()
	m.VGETEXPPS(r, d)
	return d
}
