package simd

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// widen returns the low and the high half of a as float64.
func (m *Machine) widen(a vec) (lo, hi reg.VecVirtual) {
	r := m.register(a)
	lo, hi = m.Vec(), m.Vec()
	high := m.Half()
	if m.Wide() {
		m.VEXTRACTF64X4(U8(1), r, high)
		m.VCVTPS2PD(r.AsY(), lo)
	} else {
		m.VEXTRACTF128(U8(1), r, high)
		m.VCVTPS2PD(r.AsX(), lo)
	}
	m.VCVTPS2PD(high, hi)
	return lo, hi
}

func (m *Machine) AddWide(lo, hi, a vec) {
	l, h := m.widen(a)
	m.VADDPD(l, lo.(Op), lo.(Op))
	m.VADDPD(h, hi.(Op), hi.(Op))
}

func (m *Machine) AddMulWide(lo, hi, a, b vec) {
	alo, ahi := m.widen(a)
	blo, bhi := m.widen(b)
	m.VFMADD231PD(blo, alo, lo.(Op))
	m.VFMADD231PD(bhi, ahi, hi.(Op))
}

// pairwise reduces v to its first vector: fold combines a second one into a first.
func pairwise(v []vec, fold func(into, a Op)) reg.VecVirtual {
	for n := len(v) / 2; n > 0; n /= 2 {
		for i := range n {
			fold(v[i].(Op), v[i+n].(Op))
		}
	}
	return v[0].(reg.VecVirtual)
}

func (m *Machine) Sum64(lo, hi []vec) vec {
	for i := range lo {
		m.VADDPD(hi[i].(Op), lo[i].(Op), lo[i].(Op))
	}
	v, high := pairwise(lo, func(into, a Op) { m.VADDPD(a, into, into) }), m.YMM()
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

// MaxTo: of NaN and best it keeps best.
func (m *Machine) MaxTo(best, a vec) { m.VMAXPS(best.(Op), m.register(a), best.(Op)) }

func (m *Machine) Largest(best []vec) vec {
	v, high := pairwise(best, func(into, a Op) { m.VMAXPS(a, into, into) }), m.YMM()
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

func (m *Machine) NoNaN() vec { return m.Zero() }

func (m *Machine) NoteNaN(seen, a vec) {
	isNaN := m.Where(m.compare(Unordered, a, a), a).(Op)
	if m.Wide() {
		m.VPORD(isNaN, seen.(Op), seen.(Op))
	} else {
		m.VPOR(isNaN, seen.(Op), seen.(Op))
	}
}

func (m *Machine) OrNaN(seen, v vec) vec {
	if m.Wide() {
		k, any := m.K(), m.GP32()
		m.VPTESTMD(seen.(Op), seen.(Op), k)
		m.KMOVW(k, any)
		m.TESTL(any, any)
	} else {
		m.VPTEST(seen.(Op), seen.(Op))
	}
	m.JZ(LabelRef("ordered"))
	m.VMOVSS(m.F(math.NaN()).(Number).Mem, v.(reg.VecVirtual).AsX())
	m.Label("ordered")
	return v
}

// Spread returns a vector with the lowest lane of v in every lane.
func (m *Machine) Spread(v vec) vec {
	d := m.Vec()
	m.VBROADCASTSS(v.(reg.VecVirtual).AsX(), d)
	return d
}

func (m *Machine) SpreadSum64(v vec) vec {
	x, d := v.(reg.VecVirtual).AsX(), m.Vec()
	m.VCVTSD2SS(x, x, x)
	m.VBROADCASTSS(x, d)
	return d
}
