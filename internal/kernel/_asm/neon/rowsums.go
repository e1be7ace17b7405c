package neon

import (
	"strings"
)

// Rows is the body of a column reduction: one vector of columns in a few neighbouring rows.
type Rows struct {
	*Asm
	Count   int // rows at hand, from 0
	rows    map[string][]GP
	vectors map[string]GP
	one     bool // at one column
}

// rowsAtOnce is how many rows are summed in float32 before they are added to the float64 sums: it
// divides the traffic with the sums, which stay in the first-level cache, by that number.
const rowsAtOnce = 4

func (l *Rows) width() int {
	if l.one {
		return 1
	}
	return 4
}

// Get reads the columns of row r of a slice parameter, once in each body.
func (l *Rows) Get(name string, r int) Vec {
	v := l.Vec()
	l.LoadNext(v, l.rows[name][r], l.width())
	return v
}

// Vector reads the columns of a row vector, once in each body.
func (l *Rows) Vector(name string) Vec {
	v := l.Vec()
	l.LoadNext(v, l.vectors[name], l.width())
	return v
}

// RowSums writes function name(sums... []float64, slices..., vectors... []float32, rows, stride int).
// For every column of the matrices that start at the slices, whose rows are stride apart, body returns
// what a few rows add to each of the sums.
func (a *Asm) RowSums(name, doc string, sums, slices, vectors []string, body func(l *Rows) []Vec) {
	list := "+" + strings.Join(sums, " +") + " " + strings.Join(append(append([]string{}, slices...), vectors...), " ") + " #rows #stride"
	all, params := a.begin(name, list, "", doc)
	columns, rows, stride := all.length(params[0]), all.at("#rows"), all.at("#stride")
	a.Op("LSL $2, %v", stride)
	l := &Rows{Asm: a, rows: map[string][]GP{}, vectors: map[string]GP{}}
	left := a.GP()
	for _, s := range slices {
		for range rowsAtOnce {
			l.rows[s] = append(l.rows[s], a.GP())
		}
	}
	for _, s := range vectors {
		l.vectors[s] = all.at(s)
	}
	to := make([]GP, len(sums))
	for i, s := range sums {
		to[i] = all.at(s)
	}
	for _, l.Count = range []int{rowsAtOnce, 1} {
		next, group := a.Unique("next"), a.Unique("group")
		a.Op("CMP $%d, %v", l.Count, rows)
		a.Jump("BLT", next)
		a.Label(group)
		for _, s := range slices { // the slice's own register moves on to the next group
			for r := range l.Count {
				a.Op("MOVD %v, %v", all.at(s), l.rows[s][r])
				a.Op("ADD %v, %v", stride, all.at(s))
			}
		}
		a.Op("MOVD %v, %v", columns, left)
		l.columns(left, to, body)
		for _, p := range params { // back to the first column
			if _, ok := l.vectors[p.name]; ok || p.kind == "sum" {
				a.Op("MOVD %s_base+%d(FP), %v", p.name, p.offset, all.at(p.name))
			}
		}
		a.Op("SUB $%d, %v", l.Count, rows)
		a.Op("CMP $%d, %v", l.Count, rows)
		a.Jump("BGE", group)
		a.Label(next)
	}
	a.Op("RET")
	a.End()
}

// columns adds one group of rows to the sums.
func (l *Rows) columns(left GP, to []GP, body func(l *Rows) []Vec) {
	loop, tail, one, end := l.Unique("columns"), l.Unique("tail"), l.Unique("one"), l.Unique("end")
	l.Op("SUBS $4, %v", left)
	l.Jump("BLT", tail)
	l.Label(loop)
	for i, v := range body(l) {
		s := l.Vecs(2)
		l.LoadPair(s[0], s[1], to[i], 0)
		l.AddTo64(s[0], l.Low(v))
		l.AddTo64(s[1], l.High(v))
		l.StorePair(s[0], s[1], to[i], 0)
		l.Op("ADD $32, %v", to[i])
	}
	l.Op("SUBS $4, %v", left)
	l.Jump("BGE", loop)
	l.Label(tail)
	l.Op("ADDS $4, %v", left)
	l.Jump("BEQ", end)
	l.Label(one)
	l.one = true
	for i, v := range body(l) {
		s := l.Vec()
		l.Load(s, to[i], 0, 2)
		l.AddTo64(s, l.Low(v))
		l.Store(s, to[i], 0, 2)
		l.Op("ADD $8, %v", to[i])
	}
	l.one = false
	l.Op("SUBS $1, %v", left)
	l.Jump("BNE", one)
	l.Label(end)
}
