package neon

import "github.com/residuum-go/residuum/internal/kernel/_asm/vector"

// Rows is the body of a column reduction: one vector of columns in a few neighbouring rows.
type Rows struct {
	Machine
	count   int // rows at hand, from 0
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

func (l *Rows) Count() int { return l.count }

func (l *Rows) Get(name string, r int) vec {
	v := l.Vec()
	l.LoadNext(v, l.rows[name][r], l.width())
	return v
}

func (l *Rows) Vector(name string) vec {
	v := l.Vec()
	l.LoadNext(v, l.vectors[name], l.width())
	return v
}

func (m Machine) RowSums(f vector.Func, body func(l vector.Rows) []vec) {
	list := vector.Parse(f.Params)
	slices, vectors, sums := vector.Names(list, vector.Slice), vector.Names(list, vector.Row), vector.Names(list, vector.Sums)
	f.Params += " #rows #stride"
	all, params := m.begin(f)
	columns, rows, stride := all.length(params[0]), all.at("#rows"), all.at("#stride")
	m.Op("LSL $2, %v", stride)
	l := &Rows{Machine: m, rows: map[string][]GP{}, vectors: map[string]GP{}}
	left := m.GP()
	for _, s := range slices {
		for range rowsAtOnce {
			l.rows[s] = append(l.rows[s], m.GP())
		}
	}
	for _, s := range vectors {
		l.vectors[s] = all.at(s)
	}
	to := make([]GP, len(sums))
	for i, s := range sums {
		to[i] = all.at(s)
	}
	for _, l.count = range []int{rowsAtOnce, 1} {
		next, group := m.Unique("next"), m.Unique("group")
		m.Op("CMP $%d, %v", l.count, rows)
		m.Jump("BLT", next)
		m.Label(group)
		for _, s := range slices { // the slice's own register moves on to the next group
			for r := range l.count {
				m.Op("MOVD %v, %v", all.at(s), l.rows[s][r])
				m.Op("ADD %v, %v", stride, all.at(s))
			}
		}
		m.Op("MOVD %v, %v", columns, left)
		l.columns(left, to, body)
		for _, p := range params { // back to the first column
			if p.Kind == vector.Row || p.Kind == vector.Sums {
				m.Op("MOVD %s_base+%d(FP), %v", p.Name, p.offset, all.at(p.Name))
			}
		}
		m.Op("SUB $%d, %v", l.count, rows)
		m.Op("CMP $%d, %v", l.count, rows)
		m.Jump("BGE", group)
		m.Label(next)
	}
	m.Op("RET")
	m.End()
}

// columns adds one group of rows to the sums.
func (l *Rows) columns(left GP, to []GP, body func(l vector.Rows) []vec) {
	loop, tail, one, end := l.Unique("columns"), l.Unique("tail"), l.Unique("one"), l.Unique("end")
	l.Op("SUBS $4, %v", left)
	l.Jump("BLT", tail)
	l.Label(loop)
	for i, add := range body(l) {
		s := l.Vecs(2)
		l.LoadPair(s[0], s[1], to[i], 0)
		l.AddTo64(s[0], l.Low(v(add)))
		l.AddTo64(s[1], l.High(v(add)))
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
	for i, add := range body(l) {
		s := l.Vec()
		l.Load(s, to[i], 0, 2)
		l.AddTo64(s, l.Low(v(add)))
		l.Store(s, to[i], 0, 2)
		l.Op("ADD $8, %v", to[i])
	}
	l.one = false
	l.Op("SUBS $1, %v", left)
	l.Jump("BNE", one)
	l.Label(end)
}
