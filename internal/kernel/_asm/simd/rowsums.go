package simd

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Rows is the body of a column reduction: one vector of columns in a few neighbouring rows.
type Rows struct {
	*Machine
	count     int // rows at hand, from 0
	pointers  map[string]reg.GPVirtual
	ahead     map[string]reg.GPVirtual // of what is fetched
	vectors   map[string]reg.GPVirtual
	stride    reg.GPVirtual // bytes from row to row
	stride3   reg.GPVirtual
	column    reg.GPVirtual // bytes from the first column
	disp      int           // bytes behind that, of the vector at hand
	mask      *Mask
	halfMasks [2]Mask
}

// rowsAtOnce is how many rows are summed in float32 before they are added to the float64 sums: it
// divides the traffic with the sums, which stay in the first-level cache, by that number.
const rowsAtOnce = 4

func (l *Rows) Count() int { return l.count }

func (l *Rows) Get(name string, r int) vec {
	return l.Load(l.row(l.pointers[name], r), l.mask)
}

// row returns the address that is r rows behind p.
func (l *Rows) row(p reg.GPVirtual, r int) Mem {
	switch r {
	case 0:
		return Mem{Base: p, Disp: l.disp}
	case 3:
		return Mem{Base: p, Index: l.stride3, Scale: 1, Disp: l.disp}
	}
	return Mem{Base: p, Index: l.stride, Scale: uint8(r), Disp: l.disp}
}

func (l *Rows) Vector(name string) vec {
	return l.Load(Mem{Base: l.vectors[name], Index: l.column, Scale: 1, Disp: l.disp}, l.mask)
}

func (m *Machine) RowSums(f vector.Func, body func(l vector.Rows) []vec) {
	p := vector.Parse(f.Params)
	sums, slices, vectors := vector.Names(p, vector.Sums), vector.Names(p, vector.Slice), vector.Names(p, vector.Row)
	f.Params += " #rows #stride"
	m.Func(f)

	l := &Rows{Machine: m, pointers: map[string]reg.GPVirtual{}, vectors: map[string]reg.GPVirtual{}}
	l.ahead = map[string]reg.GPVirtual{}
	for _, s := range slices {
		l.pointers[s] = m.Pointer(s)
		l.ahead[s] = m.GP64()
	}
	for _, s := range vectors {
		l.vectors[s] = m.Pointer(s)
	}
	var to []reg.GPVirtual
	for _, s := range sums {
		to = append(to, m.Pointer(s))
	}
	rows := m.Int("rows")
	l.stride, l.stride3, l.column = m.Int("stride"), m.GP64(), m.GP64()
	m.SHLQ(U8(2), l.stride)
	m.LEAQ(Mem{Base: l.stride, Index: l.stride, Scale: 2}, l.stride3)

	for _, l.count = range []int{rowsAtOnce, 1} {
		next, group := m.Unique("next"), m.Unique("group")
		m.CMPQ(rows, I32(l.count))
		m.JLT(LabelRef(next))
		m.Label(group)
		l.columns(sums[0], slices, to, body)
		for _, s := range slices {
			p := l.pointers[s]
			m.SUBQ(l.column, p)
			m.LEAQ(Mem{Base: p, Index: l.stride, Scale: uint8(l.count)}, p)
		}
		m.SUBQ(I32(l.count), rows)
		m.CMPQ(rows, I32(l.count))
		m.JGE(LabelRef(group))
		m.Label(next)
	}
	m.End()
}

const (
	line = 64 // bytes of a line of the caches

	// farApart is the stride, in bytes, from which on the same column of a few rows finds few places in the
	// first-level cache: a line is gone when the loop comes back for its second half. So both halves are summed
	// together there. Rows that are close are summed faster the other way.
	farApart = 2048

	// fetchAhead is how far ahead rows that are close are fetched, in bytes. They follow each other in memory, and are
	// fetched in its order: that takes half the time of fetching the lines of a column, row by row. It is the second-level
	// cache that they are fetched to, which has room, and more lines on their way at a time.
	fetchAhead = 6 << 10
)

// columns adds one group of rows to the sums and leaves how far the pointers went in l.column.
func (l *Rows) columns(first string, slices []string, to []reg.GPVirtual, body func(l vector.Rows) []vec) {
	m := l.Machine
	left := m.Context.Load(m.Param(first).Len(), m.GP64()).(reg.GPVirtual)
	loop, tail, end := m.Unique("columns"), m.Unique("tail"), m.Unique("end")
	m.XORQ(l.column, l.column)
	if l.count > 1 {
		near := m.Unique("near")
		m.CMPQ(l.stride, I32(farApart))
		m.JLT(LabelRef(near))
		l.lines(left, slices, to, body)
		m.Label(near)
		for _, s := range slices {
			m.LEAQ(Mem{Base: l.pointers[s], Disp: fetchAhead}, l.ahead[s])
		}
	}
	m.CMPQ(left, I32(m.Lanes))
	m.JLT(LabelRef(tail))
	m.Label(loop)
	if l.count > 1 {
		for _, s := range slices {
			for at := 0; at < l.count*m.Bytes(); at += line {
				m.PREFETCHT1(Mem{Base: l.ahead[s], Disp: at})
			}
			m.ADDQ(I32(l.count*m.Bytes()), l.ahead[s])
		}
	}
	l.accumulate(to, body(l))
	for _, s := range slices {
		m.ADDQ(I32(m.Bytes()), l.pointers[s])
	}
	m.ADDQ(I32(m.Bytes()), l.column)
	m.SUBQ(I32(m.Lanes), left)
	m.CMPQ(left, I32(m.Lanes))
	m.JGE(LabelRef(loop))
	m.Label(tail)
	m.TESTQ(left, left)
	m.JZ(LabelRef(end))
	mask := m.FirstLanes(left)
	l.mask, l.halfMasks = &mask, m.halves(mask)
	l.accumulate(to, body(l))
	l.mask = nil
	m.Label(end)
}

// lines is the loop of columns over whole lines of the cache. It fetches those of the rows that come next.
func (l *Rows) lines(left reg.GPVirtual, slices []string, to []reg.GPVirtual, body func(l vector.Rows) []vec) {
	m := l.Machine
	loop, end := m.Unique("lines"), m.Unique("end")
	for _, s := range slices {
		m.LEAQ(Mem{Base: l.pointers[s], Index: l.stride, Scale: rowsAtOnce}, l.ahead[s])
	}
	m.CMPQ(left, I32(line/4))
	m.JLT(LabelRef(end))
	m.Label(loop)
	for l.disp = 0; l.disp < line; l.disp += m.Bytes() {
		l.accumulate(to, body(l))
	}
	l.disp = 0
	for _, s := range slices {
		for r := range l.count {
			m.PREFETCHT1(l.row(l.ahead[s], r))
		}
		m.ADDQ(I32(line), l.ahead[s])
		m.ADDQ(I32(line), l.pointers[s])
	}
	m.ADDQ(I32(line), l.column)
	m.SUBQ(I32(line/4), left)
	m.CMPQ(left, I32(line/4))
	m.JGE(LabelRef(loop))
	m.Label(end)
}

func (l *Rows) accumulate(to []reg.GPVirtual, add []vec) {
	m := l.Machine
	for i, v := range add {
		lo, hi := m.widen(v)
		for half, v := range []reg.VecVirtual{lo, hi} {
			at := Mem{Base: to[i], Index: l.column, Scale: 2, Disp: 2*l.disp + half*m.Bytes()}
			switch k := l.halfMasks[half].Op; {
			case l.mask == nil:
				m.VADDPD(at, v, v)
				m.VMOVUPD(v, at)
			case m.Wide():
				old := m.Vec()
				m.VMOVUPD_Z(at, k, old)
				m.VADDPD(old, v, v)
				m.VMOVUPD(v, k, at)
			default:
				old := m.Vec()
				m.VMASKMOVPD(at, k, old)
				m.VADDPD(old, v, v)
				m.VMASKMOVPD(v, k, at)
			}
		}
	}
}

// halves returns the masks of the float64 lanes that come from the low and the high half of mask.
func (m *Machine) halves(mask Mask) [2]Mask {
	if m.Wide() {
		high := m.K()
		m.KSHIFTRW(U8(8), mask.Op, high)
		return [2]Mask{mask, {high}}
	}
	v := mask.Op.(reg.VecVirtual)
	lo, hi, x := m.YMM(), m.YMM(), m.XMM()
	m.VEXTRACTI128(U8(1), v, x)
	m.VPMOVSXDQ(v.AsX(), lo)
	m.VPMOVSXDQ(x, hi)
	return [2]Mask{{lo}, {hi}}
}
