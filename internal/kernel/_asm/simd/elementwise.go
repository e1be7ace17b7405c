package simd

import (
	"fmt"
	"strings"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Loop is the body of an elementwise function at one vector.
type Loop struct {
	*Machine
	pointers map[string]reg.GPVirtual
	scalars  map[string]reg.VecVirtual
	offset   reg.GPVirtual // in bytes
	disp     int
	mask     *Mask
	stream   string                      // the slice that whole vectors are written to past the caches, if any
	held     map[string][]reg.VecVirtual // row vectors that are held in registers, by unrolled vector
}

func (l *Loop) at(name string) Mem {
	p, ok := l.pointers[name]
	if !ok {
		panic("no slice " + name)
	}
	return Mem{Base: p, Index: l.offset, Scale: 1, Disp: l.disp}
}

// Get reads the elements of a slice parameter.
func (l *Loop) Get(name string) reg.VecVirtual {
	if v, ok := l.held[name]; ok {
		return v[l.Unrolled()]
	}
	return l.Load(l.at(name), l.mask)
}

// Operand is [Loop.Get] for the memory operand of one instruction.
func (l *Loop) Operand(name string) Op {
	if l.mask == nil {
		return l.at(name)
	}
	return l.Get(name)
}

// Set writes the elements of a slice parameter.
func (l *Loop) Set(name string, v reg.VecVirtual) {
	if name == l.stream && l.mask == nil {
		l.VMOVNTPS(v, l.at(name))
		return
	}
	l.Store(v, l.at(name), l.mask)
}

// Scalar returns a scalar parameter.
func (l *Loop) Scalar(name string) reg.VecVirtual {
	v, ok := l.scalars[name]
	if !ok {
		panic("no scalar " + name)
	}
	return v
}

// params is a parsed parameter list: "dst x *row $s" has the slices dst and x, which are walked in
// step, the slice row, which is walked again and again, and the scalar s.
type params struct {
	slices, rows, scalars []string
	signature             string
}

func parse(list, result string) (p params) {
	var args []string
	for _, f := range strings.Fields(list) {
		name := strings.TrimLeft(f, "*$")
		switch f[0] {
		case '*':
			p.rows = append(p.rows, name)
		case '$':
			p.scalars = append(p.scalars, name)
			args = append(args, name+" float32")
			continue
		default:
			p.slices = append(p.slices, name)
		}
		args = append(args, name+" []float32")
	}
	p.signature = "func(" + strings.Join(args, ", ") + ") " + result
	return p
}

// Elementwise writes function name, which executes body for every vector of its slices, the last
// one masked. Row vectors (*) start again after their length; the slices may end inside one.
func (m *Machine) Elementwise(name, list, doc string, unroll int, body func(l *Loop)) {
	m.elementwise(name, list, doc, unroll, false, body)
}

// Streamed is [Machine.Elementwise] for two functions. The second one, with Stream behind its name,
// writes its first slice past the caches, so that its lines need not be read first.
func (m *Machine) Streamed(name, list, doc string, unroll int, body func(l *Loop)) {
	m.elementwise(name, list, doc, unroll, false, body)
	m.elementwise(name+"Stream", list, doc+"; for dst too large for the caches", unroll, true, body)
}

func (m *Machine) elementwise(name, list, doc string, unroll int, stream bool, body func(l *Loop)) {
	p := parse(list, "")
	l, left := m.begin(name, doc, p)
	if stream {
		l.stream = p.slices[0]
	}
	if len(p.rows) == 0 {
		m.XORQ(l.offset, l.offset)
		l.walk(left, unroll, body)
		l.end()
		return
	}
	period := m.Context.Load(m.Param(p.rows[0]).Len(), m.GP64()).(reg.GPVirtual)
	now := m.GP64()
	if !stream && unroll*len(p.rows) <= heldVectors { // streamed results are bound by memory
		l.holdRows(p, left, period, unroll, body)
	}
	m.TESTQ(left, left)
	m.JZ(LabelRef("done"))
	m.Label("row")
	m.MOVQ(period, now)
	m.CMPQ(left, period)
	m.CMOVQLT(left, now)
	m.SUBQ(now, left)
	m.XORQ(l.offset, l.offset)
	l.walk(now, unroll, body)
	for _, s := range p.slices {
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
func (l *Loop) holdRows(p params, left, period reg.GPVirtual, unroll int, body func(l *Loop)) {
	m := l.Machine
	m.CMPQ(period, I32(unroll*m.Lanes))
	m.JNE(LabelRef("longer"))
	held := map[string][]reg.VecVirtual{}
	for _, r := range p.rows {
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
	for _, s := range p.slices {
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
func (l *Loop) align(left reg.GPVirtual, body func(l *Loop, n int)) {
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

// Reduce writes function name, which executes body for every vector of its slices, the last one
// masked, between start and finish, and returns result, a type; finish stores it.
func (m *Machine) Reduce(name, list, result, doc string, unroll int, start func(), body, finish func(l *Loop)) {
	l, left := m.begin(name, doc, parse(list, result))
	start()
	m.XORQ(l.offset, l.offset)
	l.walk(left, unroll, body)
	finish(l)
	m.End()
}

// EachRow writes function name(dst, x []float32, rows, c int), which executes row for each of rows rows
// of c elements. row calls pass to execute a body for all vectors of the row, n of them at a time as in
// [Loop.Vector], as often as it needs to go over it.
func (m *Machine) EachRow(name, doc string, row func(l *Loop, pass func(together int, body func(l *Loop, n int)))) {
	m.Func(name, "func(dst []float32, x []float32, rows int, c int)", fmt.Sprintf("%s%s computes %s.", name, m.Name, doc))
	dst, x, rows, c := m.Pointer("dst"), m.Pointer("x"), m.Int("rows"), m.Int("c")
	nextDst, nextX, left := m.GP64(), m.GP64(), m.GP64()
	l := &Loop{Machine: m, offset: m.GP64()}
	l.pointers = map[string]reg.GPVirtual{"dst": dst, "x": x, "next dst": nextDst, "next x": nextX}
	m.TESTQ(rows, rows)
	m.JZ(LabelRef("done"))
	m.Label("rows")
	m.LEAQ(Mem{Base: dst, Index: c, Scale: 4}, nextDst)
	m.LEAQ(Mem{Base: x, Index: c, Scale: 4}, nextX)
	row(l, func(together int, body func(l *Loop, n int)) {
		m.XORQ(l.offset, l.offset)
		m.MOVQ(c, left)
		l.walkTogether(left, together, body)
	})
	m.MOVQ(nextDst, dst)
	m.MOVQ(nextX, x)
	m.DECQ(rows)
	m.JNZ(LabelRef("rows"))
	m.Label("done")
	m.End()
}

// PrefetchNextRow asks for the elements of dst and x that lie one row behind the current ones, once for
// each line of the cache.
func (l *Loop) PrefetchNextRow() {
	const line = 64
	if l.mask == nil && l.disp%line == 0 {
		l.PREFETCHT0(l.at("next dst"))
		l.PREFETCHT0(l.at("next x"))
	}
}

// begin starts function name and loads its parameters and the length of its first slice.
func (m *Machine) begin(name, doc string, p params) (*Loop, reg.GPVirtual) {
	m.Func(name, p.signature, fmt.Sprintf("%s%s computes %s.", name, m.Name, doc))
	l := &Loop{Machine: m, pointers: map[string]reg.GPVirtual{}, scalars: map[string]reg.VecVirtual{}, offset: m.GP64()}
	for _, s := range append(p.slices, p.rows...) {
		l.pointers[s] = m.Pointer(s)
	}
	for _, s := range p.scalars {
		l.scalars[s] = m.Broadcast(s)
	}
	return l, m.Context.Load(m.Param(p.slices[0]).Len(), m.GP64()).(reg.GPVirtual)
}

// Unrolled returns which of the vectors of one turn the body is at.
func (l *Loop) Unrolled() int { return l.disp / l.Bytes() }

// Valid returns v with 0 in the lanes that lie behind the end of the slices.
func (l *Loop) Valid(v reg.VecVirtual) reg.VecVirtual {
	if l.mask == nil {
		return v
	}
	return l.Where(Cond{l.mask.Op}, v)
}

// CountAndClear adds to count how many elements of v are c, and sets them to 0.
func (l *Loop) CountAndClear(count reg.GPVirtual, v reg.VecVirtual, c float64) {
	n := l.GP32()
	if l.Wide() {
		equal := l.Compare(Equal, v, l.Copy(l.F(c))).Op
		if l.mask != nil {
			l.KANDW(l.mask.Op, equal, equal)
		}
		l.VPXORD(v, v, equal, v)
		l.KMOVW(equal, n)
	} else {
		equal := l.Vec()
		l.VCMPPS(U8(Equal), l.F(c).Mem, v, equal)
		equal = l.Valid(equal)
		l.VANDNPS(v, equal, v)
		l.VMOVMSKPS(equal, n)
	}
	l.POPCNTL(n, n)
	l.ADDL(n, count)
}

// GetOr is [Loop.Get] with other in the lanes that lie behind the end of the slices.
func (l *Loop) GetOr(name string, other reg.VecVirtual) reg.VecVirtual {
	if l.mask == nil {
		return l.Get(name)
	}
	return l.Select(Cond{l.mask.Op}, l.Get(name), other)
}

// walk executes body for left elements from l.offset on, and destroys both.
func (l *Loop) walk(left reg.GPVirtual, unroll int, body func(l *Loop)) {
	l.walkTogether(left, unroll, func(l *Loop, n int) {
		for i := range n {
			body(l.Vector(i))
		}
	})
}

// Vector turns to the i-th of the vectors that a body handles together.
func (l *Loop) Vector(i int) *Loop {
	l.disp = i * l.Bytes()
	return l
}

// walkTogether is walk for a body that handles n vectors, together of them or one, in the order that it
// likes: a processor finds work that it can do at once only among the next few dozen instructions, so a long
// chain of dependent ones is best written for several vectors side by side.
func (l *Loop) walkTogether(left reg.GPVirtual, together int, body func(l *Loop, n int)) {
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
