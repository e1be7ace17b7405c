package neon

import (
	"fmt"
	"strings"
)

// Loop is the body of an elementwise function at one vector. There are no masked instructions: the last
// elements are handled one at a time, in the first lane, by the same body.
type Loop struct {
	*Asm
	pointers map[string]GP
	names    []string // of the pointers, in order
	scalars  map[string]Vec
	disp     int  // bytes from the pointers
	one      bool // at one element
}

// Get reads the elements of a slice parameter.
func (l *Loop) Get(name string) Vec {
	v := l.Vec()
	l.Load(v, l.at(name), l.disp, l.width())
	return v
}

// GetOr is [Loop.Get] with other in the lanes that lie behind the end of the slices.
func (l *Loop) GetOr(name string, other Vec) Vec {
	if !l.one {
		return l.Get(name)
	}
	v := l.Copy(other)
	l.VecOp(fmt.Sprintf("VLD1 (%v), V%%d.S[0]", l.at(name)), v)
	return v
}

// Set writes the elements of a slice parameter.
func (l *Loop) Set(name string, v Vec) { l.Store(v, l.at(name), l.disp, l.width()) }

// Valid returns v with 0 in the lanes that lie behind the end of the slices.
func (l *Loop) Valid(v Vec) Vec {
	if l.one {
		return l.First(v)
	}
	return v
}

// Scalar returns a scalar parameter in every lane.
func (l *Loop) Scalar(name string) Vec {
	v, ok := l.scalars[name]
	if !ok {
		panic("no scalar " + name)
	}
	return v
}

// Unrolled returns which of the vectors of one turn the body is at.
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

// parameter is one of a function, at an offset from FP.
type parameter struct {
	name, kind string // slice, row, scalar, sum (a slice of float64), int
	offset     int
}

// begin starts a function with the parameters of a list: "dst x *row $s" has the slices dst and x, which
// are walked in step, the slice row, which is walked again and again, and the scalar s; "+sum" is a slice of
// float64, "%idx" one of int32 and "#n" an int. result is a type or empty. It loads what the body needs.
func (a *Asm) begin(name, list, result, doc string) (l *Loop, params []parameter) {
	kinds := map[byte][2]string{'*': {"row", "[]float32"}, '$': {"scalar", "float32"}, '+': {"sum", "[]float64"},
		'%': {"slice", "[]int32"}, '#': {"int", "int"}}
	var args []string
	offset := 0
	for _, f := range strings.Fields(list) {
		k, ok := kinds[f[0]]
		if !ok {
			k = [2]string{"slice", "[]float32"}
		}
		size, align := 24, 8
		switch k[0] {
		case "scalar":
			size, align = 4, 4
		case "int":
			size = 8
		}
		offset = (offset + align - 1) / align * align
		p := parameter{strings.TrimLeft(f, "*$+%#"), k[0], offset}
		offset += size
		params = append(params, p)
		args = append(args, p.name+" "+k[1])
	}
	size := offset
	if result != "" {
		offset = (offset + 7) / 8 * 8
		params = append(params, parameter{"ret", "result", offset})
		size = offset + map[string]int{"float32": 4, "float64": 8}[result]
		result = " " + result
	}
	a.Func(name+"NEON", "("+strings.Join(args, ", ")+")"+result, "computes "+doc+".", size)
	l = &Loop{Asm: a, pointers: map[string]GP{}, scalars: map[string]Vec{}}
	for _, p := range params {
		switch p.kind {
		case "slice", "row", "sum":
			r := a.GP()
			a.Op("MOVD %s_base+%d(FP), %v", p.name, p.offset, r)
			l.pointers[p.name] = r
			l.names = append(l.names, p.name)
		case "int":
			r := a.GP()
			a.Op("MOVD %s+%d(FP), %v", p.name, p.offset, r)
			l.pointers["#"+p.name] = r
		case "scalar":
			v := a.Vec()
			a.VecOp(fmt.Sprintf("FMOVS %s+%d(FP), F%%d", p.name, p.offset), v)
			l.scalars[p.name] = a.Spread(v)
		}
	}
	return l, params
}

// length returns a register with the length of a slice.
func (l *Loop) length(p parameter) GP {
	r := l.GP()
	l.Op("MOVD %s_len+%d(FP), %v", p.name, p.offset+8, r)
	return r
}

// Elementwise writes function name, which executes body for every vector of its slices. Row vectors (*)
// start again after their length; the slices may end inside one.
func (a *Asm) Elementwise(name, list, doc string, unroll int, body func(l *Loop)) {
	l, params := a.begin(name, list, "", doc)
	left := l.length(params[0])
	var rows []parameter
	for _, p := range params {
		if p.kind == "row" {
			rows = append(rows, p)
		}
	}
	if len(rows) == 0 {
		l.walk(left, unroll, body)
		l.Op("RET")
		l.End()
		return
	}
	period, now := l.length(rows[0]), a.GP()
	a.Jump(fmt.Sprintf("CBZ %v,", left), "done")
	a.Label("row")
	a.Op("CMP %v, %v", period, left)
	a.Op("CSEL LT, %v, %v, %v", left, period, now)
	a.Op("SUB %v, %v", now, left)
	l.walk(now, unroll, body)
	for _, r := range rows {
		a.Op("SUB %v<<2, %v", period, l.at(r.name))
	}
	a.Jump(fmt.Sprintf("CBNZ %v,", left), "row")
	a.Label("done")
	a.Op("RET")
	a.End()
}

// Reduce writes function name, which executes body for every vector of its slices between start and
// finish, and returns the first element of what finish returns, of type result.
func (a *Asm) Reduce(name, list, result, doc string, unroll int, start func(), body func(l *Loop), finish func() Vec) {
	l, params := a.begin(name, list, result, doc)
	start()
	l.walk(l.length(params[0]), unroll, body)
	move := map[string]string{"float32": "FMOVS", "float64": "FMOVD"}[result]
	a.VecOp(fmt.Sprintf("%s F%%d, ret+%d(FP)", move, params[len(params)-1].offset), finish())
	a.Op("RET")
	a.End()
}

// EachRow writes function name(dst, x []float32, rows, c int), which executes row for each of rows rows
// of c elements. row calls pass to execute a body for every vector of the row as often as it needs
// to go over it.
func (a *Asm) EachRow(name, doc string, row func(l *Loop, pass func(unroll int, body func(l *Loop)))) {
	l, _ := a.begin(name, "dst x #rows #c", "", doc)
	rows, c, left := l.at("#rows"), l.at("#c"), a.GP()
	a.Jump(fmt.Sprintf("CBZ %v,", rows), "done")
	a.Label("rows")
	row(l, func(unroll int, body func(l *Loop)) {
		a.Op("MOVD %v, %v", c, left)
		l.walk(left, unroll, body)
		for _, s := range l.names {
			a.Op("SUB %v<<2, %v", c, l.at(s))
		}
	})
	for _, s := range l.names {
		a.Op("ADD %v<<2, %v", c, l.at(s))
	}
	a.Op("SUBS $1, %v", rows)
	a.Jump("BNE", "rows")
	a.Label("done")
	a.Op("RET")
	a.End()
}

// walk executes body for left elements, moves the pointers behind them and destroys left.
func (l *Loop) walk(left GP, unroll int, body func(l *Loop)) {
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
		for l.disp = 0; l.disp < 16*vectors; l.disp += 16 {
			body(l)
		}
		l.disp = 0
		advance(16 * vectors)
		l.Op("SUBS $%d, %v", 4*vectors, left)
		l.Jump("BGE", loop)
		l.Label(next)
		l.Op("ADD $%d, %v", 4*vectors, left)
	}
	if unroll > 1 {
		step(unroll)
	}
	step(1)
	one, end := l.Unique("one"), l.Unique("end")
	l.Jump(fmt.Sprintf("CBZ %v,", left), end)
	l.Label(one)
	l.one = true
	body(l)
	l.one = false
	advance(4)
	l.Op("SUBS $1, %v", left)
	l.Jump("BNE", one)
	l.Label(end)
}
