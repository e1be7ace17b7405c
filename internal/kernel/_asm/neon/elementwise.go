package neon

import (
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Loop is the body of an elementwise function at one vector. There are no masked instructions: the last
// elements are handled one at a time, in the first lane, by the same body.
type Loop struct {
	Machine
	pointers map[string]GP
	names    []string // of the pointers, in order
	scalars  map[string]vec
	disp     int  // bytes from the pointers
	one      bool // at one element
}

func (l *Loop) Get(name string) vec {
	a := l.Vec()
	l.Load(a, l.at(name), l.disp, l.width())
	return a
}

func (l *Loop) Operand(name string) vec { return l.Get(name) }

func (l *Loop) GetOr(name string, other vec) vec {
	if !l.one {
		return l.Get(name)
	}
	a := l.Copy(other)
	l.VecOp(fmt.Sprintf("VLD1 (%v), V%%d.S[0]", l.at(name)), v(a))
	return a
}

func (l *Loop) Set(name string, a vec) { l.Store(v(a), l.at(name), l.disp, l.width()) }

func (l *Loop) Valid(a vec) vec {
	if l.one {
		return l.First(v(a))
	}
	return a
}

func (l *Loop) Vector(i int) vector.Loop {
	l.disp = 16 * i
	return l
}

func (l *Loop) CountAndClear(c vector.Count, a vec, number float64) {
	equal := l.Equal(v(a), l.Asm.F(number))
	l.AddTo(c.(count).lanes, l.Valid(l.And(equal, l.Asm.F(1))))
	l.ClearWhere(v(a), equal)
}

func (l *Loop) PrefetchNextRow() {}

func (l *Loop) Scalar(name string) vec {
	v, ok := l.scalars[name]
	if !ok {
		panic("no scalar " + name)
	}
	return v
}

func (l *Loop) Unrolled() int { return l.disp / 16 }

func (l *Loop) at(name string) GP {
	p, ok := l.pointers[name]
	if !ok {
		panic("no slice " + name)
	}
	return p
}

func (l *Loop) width() int {
	if l.one {
		return 1
	}
	return 4
}

// parameter is one of a function, or its result, at an offset from FP.
type parameter struct {
	vector.Param
	offset int
}

// place returns where a function's parameters are, and their bytes with those of the result.
func place(f vector.Func) (params []parameter, size int) {
	for _, p := range vector.Parse(f.Params) {
		bytes, align := 24, 8
		switch p.Kind {
		case vector.Scalar:
			bytes, align = 4, 4
		case vector.Int:
			bytes = 8
		}
		size = (size + align - 1) / align * align
		params = append(params, parameter{p, size})
		size += bytes
	}
	if f.Result != "" {
		size = (size + 7) / 8 * 8
		params = append(params, parameter{vector.Param{Name: "ret"}, size})
		size += map[string]int{"float32": 4, "float64": 8}[f.Result]
	}
	return params, size
}

// begin starts a function and loads its parameters but for lengths.
func (m Machine) begin(f vector.Func) (l *Loop, params []parameter) {
	params, size := place(f)
	m.Func(f.Name+"NEON", f.Signature(), "computes "+f.Doc+".", size)
	m.funcs = append(m.funcs, f)
	l = &Loop{Machine: m, pointers: map[string]GP{}, scalars: map[string]vec{}}
	for _, p := range params[:len(vector.Parse(f.Params))] {
		switch p.Kind {
		case vector.Int:
			r := m.GP()
			m.Op("MOVD %s+%d(FP), %v", p.Name, p.offset, r)
			l.pointers["#"+p.Name] = r
		case vector.Scalar:
			s := m.Vec()
			m.VecOp(fmt.Sprintf("FMOVS %s+%d(FP), F%%d", p.Name, p.offset), s)
			l.scalars[p.Name] = m.Spread(s)
		default:
			r := m.GP()
			m.Op("MOVD %s_base+%d(FP), %v", p.Name, p.offset, r)
			l.pointers[p.Name] = r
			l.names = append(l.names, p.Name)
		}
	}
	return l, params
}

// length returns a register with the length of a slice.
func (l *Loop) length(p parameter) GP {
	r := l.GP()
	l.Op("MOVD %s_len+%d(FP), %v", p.Name, p.offset+8, r)
	return r
}

func (m Machine) Elementwise(f vector.Func, unroll int, body func(l vector.Loop)) {
	l, params := m.begin(f)
	left := l.length(params[0])
	var rows []parameter
	for _, p := range params {
		if p.Kind == vector.Row {
			rows = append(rows, p)
		}
	}
	if len(rows) == 0 {
		l.loop(left, unroll, body)
		m.Op("RET")
		m.End()
		return
	}
	period, now := l.length(rows[0]), m.GP()
	m.Jump(fmt.Sprintf("CBZ %v,", left), "done")
	m.Label("row")
	m.Op("CMP %v, %v", period, left)
	m.Op("CSEL LT, %v, %v, %v", left, period, now)
	m.Op("SUB %v, %v", now, left)
	l.loop(now, unroll, body)
	for _, r := range rows {
		m.Op("SUB %v<<2, %v", period, l.at(r.Name))
	}
	m.Jump(fmt.Sprintf("CBNZ %v,", left), "row")
	m.Label("done")
	m.Op("RET")
	m.End()
}

// Streamed writes nothing past the caches.
func (m Machine) Streamed(f vector.Func, unroll int, body func(l vector.Loop)) {
	m.Elementwise(f, unroll, body)
}

func (m Machine) Reduce(f vector.Func, unroll int, start func(), body func(l vector.Loop), finish func() vec) {
	l, params := m.begin(f)
	start()
	l.loop(l.length(params[0]), unroll, body)
	move := map[string]string{"float32": "FMOVS", "float64": "FMOVD"}[f.Result]
	m.VecOp(fmt.Sprintf("%s F%%d, ret+%d(FP)", move, params[len(params)-1].offset), v(finish()))
	m.Op("RET")
	m.End()
}

func (m Machine) EachRow(f vector.Func, row func(pass vector.Pass)) {
	f.Params = "dst x #rows #c"
	l, _ := m.begin(f)
	rows, c, left := l.at("#rows"), l.at("#c"), m.GP()
	m.Jump(fmt.Sprintf("CBZ %v,", rows), "done")
	m.Label("rows")
	row(func(together int, body func(l vector.Loop, n int)) {
		m.Op("MOVD %v, %v", c, left)
		l.loopTogether(left, together, body)
		for _, s := range l.names {
			m.Op("SUB %v<<2, %v", c, l.at(s))
		}
	})
	for _, s := range l.names {
		m.Op("ADD %v<<2, %v", c, l.at(s))
	}
	m.Op("SUBS $1, %v", rows)
	m.Jump("BNE", "rows")
	m.Label("done")
	m.Op("RET")
	m.End()
}

// loop executes body for left elements, moves the pointers behind them and destroys left.
func (l *Loop) loop(left GP, unroll int, body func(l vector.Loop)) {
	l.loopTogether(left, unroll, func(l vector.Loop, n int) {
		for i := range n {
			body(l.Vector(i))
		}
	})
}

// loopTogether is loop for a body that handles n vectors, together of them or one.
func (l *Loop) loopTogether(left GP, together int, body func(l vector.Loop, n int)) {
	advance := func(bytes int) {
		for _, s := range l.names {
			l.Op("ADD $%d, %v", bytes, l.at(s))
		}
	}
	step := func(vectors int) {
		loop, next := l.Unique("loop"), l.Unique("next")
		l.Op("SUBS $%d, %v", 4*vectors, left)
		l.Jump("BLT", next)
		l.Label(loop)
		body(l, vectors)
		l.Vector(0)
		advance(16 * vectors)
		l.Op("SUBS $%d, %v", 4*vectors, left)
		l.Jump("BGE", loop)
		l.Label(next)
		l.Op("ADD $%d, %v", 4*vectors, left)
	}
	if together > 1 {
		step(together)
	}
	step(1)
	one, end := l.Unique("one"), l.Unique("end")
	l.Jump(fmt.Sprintf("CBZ %v,", left), end)
	l.Label(one)
	l.one = true
	body(l, 1)
	l.one = false
	advance(4)
	l.Op("SUBS $1, %v", left)
	l.Jump("BNE", one)
	l.Label(end)
}
