package simd

import (
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Loop is the body of an elementwise function at one vector.
type Loop struct {
	*Machine
	slices   []string
	rows     []string
	pointers map[string]reg.GPVirtual
	scalars  map[string]vec
	offset   reg.GPVirtual // in bytes
	disp     int
	mask     *Mask
	stream   string           // the slice that whole vectors are written to past the caches, if any
	held     map[string][]vec // row vectors that are held in registers, by unrolled vector
}

func (l *Loop) at(name string) Mem {
	p, ok := l.pointers[name]
	if !ok {
		panic("no slice " + name)
	}
	return Mem{Base: p, Index: l.offset, Scale: 1, Disp: l.disp}
}

func (l *Loop) Get(name string) vec {
	if v, ok := l.held[name]; ok {
		return v[l.Unrolled()]
	}
	return l.Load(l.at(name), l.mask)
}

func (l *Loop) Operand(name string) vec {
	if l.mask == nil {
		return l.at(name)
	}
	return l.Get(name)
}

func (l *Loop) Set(name string, v vec) {
	if name == l.stream && l.mask == nil {
		l.VMOVNTPS(v.(Op), l.at(name))
		return
	}
	l.Store(l.register(v), l.at(name), l.mask)
}

func (l *Loop) Scalar(name string) vec {
	v, ok := l.scalars[name]
	if !ok {
		panic("no scalar " + name)
	}
	return v
}

// Elementwise masks the last vector.
func (m *Machine) Elementwise(f vector.Func, unroll int, body func(l vector.Loop)) {
	m.elementwise(f, unroll, false, body)
}

func (m *Machine) Streamed(f vector.Func, unroll int, body func(l vector.Loop)) {
	m.elementwise(f, unroll, false, body)
	f.Name += vector.StreamSuffix
	f.Doc += "; for dst too large for the caches"
	m.elementwise(f, unroll, true, body)
}

func (m *Machine) elementwise(f vector.Func, unroll int, stream bool, body func(l vector.Loop)) {
	l, left := m.begin(f)
	if stream {
		l.stream = l.slices[0]
	}
	if len(l.rows) == 0 {
		m.XORQ(l.offset, l.offset)
		l.loop(left, unroll, body)
		l.end()
		return
	}
	period := m.Context.Load(m.Param(l.rows[0]).Len(), m.GP64()).(reg.GPVirtual)
	now := m.GP64()
	if !stream && unroll*len(l.rows) <= heldVectors { // streamed results are bound by memory
		l.holdRows(left, period, unroll, body)
	}
	m.TESTQ(left, left)
	m.JZ(LabelRef("done"))
	m.Label("row")
	m.MOVQ(period, now)
	m.CMPQ(left, period)
	m.CMOVQLT(left, now)
	m.SUBQ(now, left)
	m.XORQ(l.offset, l.offset)
	l.loop(now, unroll, body)
	for _, s := range l.slices {
		q := l.pointers[s]
		m.LEAQ(Mem{Base: q, Index: period, Scale: 4}, q)
	}
	m.TESTQ(left, left)
	m.JNZ(LabelRef("row"))
	m.Label("done")
	l.end()
}

// heldVectors is how many vectors of rows are held in registers; four of AVX2's are left for a body.
const heldVectors = 12

// holdRows handles whole turns of unroll vectors where that is the period of the row vectors: these are read
// once, and what the first-level cache can deliver no longer limits the loop.
func (l *Loop) holdRows(left, period reg.GPVirtual, unroll int, body func(l vector.Loop)) {
	m := l.Machine
	m.CMPQ(period, I32(unroll*m.Lanes))
	m.JNE(LabelRef("longer"))
	held := map[string][]vec{}
	for _, r := range l.rows {
		for i := range unroll {
			held[r] = append(held[r], m.Load(Mem{Base: l.pointers[r], Disp: i * m.Bytes()}, nil))
		}
	}
	l.held = held
	m.XORQ(l.offset, l.offset)
	m.Label("turn")
	m.SUBQ(I32(unroll*m.Lanes), left)
	m.JLT(LabelRef("turned"))
	for i := range unroll {
		body(l.Vector(i))
	}
	l.Vector(0)
	m.ADDQ(I32(unroll*m.Bytes()), l.offset)
	m.JMP(LabelRef("turn"))
	m.Label("turned")
	m.ADDQ(I32(unroll*m.Lanes), left)
	l.held = nil
	for _, s := range l.slices {
		m.ADDQ(l.offset, l.pointers[s])
	}
	m.Label("longer")
}

// end orders streamed writes before whatever tells other threads of them, and returns.
func (l *Loop) end() {
	if l.stream != "" {
		l.SFENCE()
	}
	l.End()
}

// align executes body for the elements in front of the first whole vector of the streamed slice.
func (l *Loop) align(left reg.GPVirtual, body func(l vector.Loop, n int)) {
	m := l.Machine
	aligned, head := m.Unique("aligned"), m.GP64()
	m.LEAQ(l.at(l.stream), head)
	m.NEGQ(head)
	m.ANDQ(I32(m.Bytes()-1), head)
	m.JZ(LabelRef(aligned))
	m.SHRQ(U8(2), head)
	m.CMPQ(head, left)
	m.CMOVQGT(left, head)
	mask := m.FirstLanes(head)
	l.mask = &mask
	body(l, 1)
	l.mask = nil
	m.SUBQ(head, left)
	m.LEAQ(Mem{Base: l.offset, Index: head, Scale: 4}, l.offset)
	m.Label(aligned)
}

func (m *Machine) Reduce(f vector.Func, unroll int, start func(), body func(l vector.Loop), finish func() vec) {
	l, left := m.begin(f)
	start()
	m.XORQ(l.offset, l.offset)
	l.loop(left, unroll, body)
	m.Context.Store(finish().(reg.VecVirtual).AsX(), m.ReturnIndex(0))
	m.End()
}

func (m *Machine) EachRow(f vector.Func, row func(pass vector.Pass)) {
	f.Params = "dst x #rows #c"
	m.Func(f)
	dst, x, rows, c := m.Pointer("dst"), m.Pointer("x"), m.Int("rows"), m.Int("c")
	nextDst, nextX, left := m.GP64(), m.GP64(), m.GP64()
	l := &Loop{Machine: m, offset: m.GP64()}
	l.pointers = map[string]reg.GPVirtual{"dst": dst, "x": x, "next dst": nextDst, "next x": nextX}
	m.TESTQ(rows, rows)
	m.JZ(LabelRef("done"))
	m.Label("rows")
	m.LEAQ(Mem{Base: dst, Index: c, Scale: 4}, nextDst)
	m.LEAQ(Mem{Base: x, Index: c, Scale: 4}, nextX)
	row(func(together int, body func(l vector.Loop, n int)) {
		m.XORQ(l.offset, l.offset)
		m.MOVQ(c, left)
		l.loopTogether(left, together, body)
	})
	m.MOVQ(nextDst, dst)
	m.MOVQ(nextX, x)
	m.DECQ(rows)
	m.JNZ(LabelRef("rows"))
	m.Label("done")
	m.End()
}

// PrefetchNextRow asks once for each line of the cache.
func (l *Loop) PrefetchNextRow() {
	const line = 64
	if l.mask == nil && l.disp%line == 0 {
		l.PREFETCHT0(l.at("next dst"))
		l.PREFETCHT0(l.at("next x"))
	}
}

// begin starts a function and loads its parameters and the length of its first slice.
func (m *Machine) begin(f vector.Func) (*Loop, reg.GPVirtual) {
	m.Func(f)
	p := vector.Parse(f.Params)
	l := &Loop{Machine: m, pointers: map[string]reg.GPVirtual{}, scalars: map[string]vec{}, offset: m.GP64()}
	l.slices, l.rows = vector.Names(p, vector.Slice), vector.Names(p, vector.Row)
	for _, s := range append(append([]string{}, l.slices...), l.rows...) {
		l.pointers[s] = m.Pointer(s)
	}
	for _, s := range vector.Names(p, vector.Scalar) {
		l.scalars[s] = m.Broadcast(s)
	}
	return l, m.Context.Load(m.Param(l.slices[0]).Len(), m.GP64()).(reg.GPVirtual)
}

func (l *Loop) Unrolled() int { return l.disp / l.Bytes() }

func (l *Loop) Valid(v vec) vec {
	if l.mask == nil {
		return v
	}
	return l.Where(cond{l.mask.Op}, v)
}

func (l *Loop) GetOr(name string, other vec) vec {
	if l.mask == nil {
		return l.Get(name)
	}
	return l.Select(cond{l.mask.Op}, l.Get(name), other)
}

func (m *Machine) NewCount(n int) vector.Count {
	r := m.GP32()
	m.MOVL(I32(n), r)
	return r
}

func (l *Loop) CountAndClear(count vector.Count, v vec, c float64) {
	n, r := l.GP32(), v.(reg.VecVirtual)
	if l.Wide() {
		equal := l.Compare(vector.Equal, v, l.F(c)).(cond).Op
		if l.mask != nil {
			l.KANDW(l.mask.Op, equal, equal)
		}
		l.VPXORD(r, r, equal, r)
		l.KMOVW(equal, n)
	} else {
		d := l.Vec()
		l.VCMPPS(U8(predicates[vector.Equal]), l.F(c).(Number).Mem, r, d)
		equal := l.Valid(d).(Op)
		l.VANDNPS(r, equal, r)
		l.VMOVMSKPS(equal, n)
	}
	l.POPCNTL(n, n)
	l.ADDL(n, count.(Op))
}

func (m *Machine) Counted(count vector.Count) vec {
	v := m.Vec()
	m.VXORPS(v.AsX(), v.AsX(), v.AsX())
	m.VCVTSI2SSL(count.(Op), v.AsX(), v.AsX())
	m.VBROADCASTSS(v.AsX(), v)
	return v
}

// loop executes body for left elements from l.offset on, and destroys both.
func (l *Loop) loop(left reg.GPVirtual, unroll int, body func(l vector.Loop)) {
	l.loopTogether(left, unroll, func(l vector.Loop, n int) {
		for i := range n {
			body(l.Vector(i))
		}
	})
}

func (l *Loop) Vector(i int) vector.Loop {
	l.disp = i * l.Bytes()
	return l
}

// loopTogether is loop for a body that handles n vectors, together of them or one, in the order that it
// likes: a processor finds work that it can do at once only among the next few dozen instructions, so a long
// chain of dependent ones is best written for several vectors side by side.
func (l *Loop) loopTogether(left reg.GPVirtual, together int, body func(l vector.Loop, n int)) {
	m := l.Machine
	step := func(vectors int, next string) {
		label := m.Unique("loop")
		m.CMPQ(left, I32(vectors*m.Lanes))
		m.JLT(LabelRef(next))
		m.Label(label)
		body(l, vectors)
		l.Vector(0)
		m.ADDQ(I32(vectors*m.Bytes()), l.offset)
		m.SUBQ(I32(vectors*m.Lanes), left)
		m.CMPQ(left, I32(vectors*m.Lanes))
		m.JGE(LabelRef(label))
		m.Label(next)
	}
	if l.stream != "" {
		l.align(left, body)
	}
	if together > 1 {
		step(together, m.Unique("single"))
	}
	step(1, m.Unique("tail"))
	end := m.Unique("end")
	m.TESTQ(left, left)
	m.JZ(LabelRef(end))
	mask := m.FirstLanes(left)
	l.mask = &mask
	body(l, 1)
	l.mask = nil
	m.Label(end)
}
