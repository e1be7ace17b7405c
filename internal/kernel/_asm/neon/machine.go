package neon

import (
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Machine is a [vector.Machine]. Its comparisons are vectors of all-ones and zeros; what an instruction overwrites and
// has to stay is copied before, see [Asm.allocate].
type Machine struct{ *Asm }

var _ vector.Machine = Machine{}

// vec is the vector of the loops: always a [Vec].
type vec = vector.Vec

func v(a vec) Vec { return a.(Vec) }

func (m Machine) Level() vector.Level         { return vector.Level{Name: "NEON", Funcs: m.funcs} }
func (m Machine) Registers() int              { return 32 }
func (m Machine) Exponents() vector.Exponents { return nil }

func (m Machine) F(f float64) vec      { return m.Asm.F(f) }
func (m Machine) Bits(u uint32) vec    { return m.Asm.Bits(u) }
func (m Machine) Zero() vec            { return m.Asm.Zero() }
func (m Machine) Register() vec        { return m.Vec() }
func (m Machine) Copy(a vec) vec       { return m.Asm.Copy(v(a)) }
func (m Machine) Keep(a vec) vec       { return a } // what is lost elsewhere stays
func (m Machine) Clear(a vec)          { m.Asm.Clear(v(a)) }
func (m Machine) Move(into, a vec)     { m.Asm.Move(v(into), v(a)) }
func (m Machine) AddTo(s, a vec)       { m.Asm.AddTo(v(s), v(a)) }
func (m Machine) Add(a, b vec) vec     { return m.Asm.Add(v(a), v(b)) }
func (m Machine) Sub(a, b vec) vec     { return m.Asm.Sub(v(a), v(b)) }
func (m Machine) Mul(a, b vec) vec     { return m.Asm.Mul(v(a), v(b)) }
func (m Machine) Div(a, b vec) vec     { return m.Asm.Div(v(a), v(b)) }
func (m Machine) Sqrt(a vec) vec       { return m.Asm.Sqrt(v(a)) }
func (m Machine) Abs(a vec) vec        { return m.Asm.Abs(v(a)) }
func (m Machine) Sign(a vec) vec       { return m.And(v(a), m.Asm.Bits(0x80000000)) }
func (m Machine) Or(a, b vec) vec      { return m.Asm.Or(v(a), v(b)) }
func (m Machine) Round(a vec) vec      { return m.Asm.Round(v(a)) }
func (m Machine) ReLU(a vec) vec       { return m.AndNot(v(a), m.Negative(v(a))) }
func (m Machine) Max(a, b vec) vec     { return m.Asm.Max(v(a), v(b)) }
func (m Machine) AtMost(a, c vec) vec  { return m.Min(v(a), v(c)) }
func (m Machine) AtLeast(a, c vec) vec { return m.Asm.Max(v(a), v(c)) }

func (m Machine) MulAdd(a, b, c vec) vec    { return m.Asm.AddMul(m.Asm.Copy(v(c)), v(a), v(b)) }
func (m Machine) MulNegAdd(a, b, c vec) vec { return m.Asm.SubMul(m.Asm.Copy(v(c)), v(a), v(b)) }
func (m Machine) AddMul(s, a, b vec) vec    { return m.Asm.AddMul(v(s), v(a), v(b)) }
func (m Machine) SubMul(s, a, b vec) vec    { return m.Asm.SubMul(v(s), v(a), v(b)) }

// cond holds where the lanes of v have all bits set, or, if not, where they have none.
type cond struct {
	v   Vec
	not bool
}

func (m Machine) Compare(op vector.Comparison, a, b vec) vector.Cond {
	switch op {
	case vector.Equal:
		return cond{m.Equal(v(a), v(b)), false}
	case vector.Less:
		return cond{m.Greater(v(b), v(a)), false}
	case vector.NotLessOrEqual:
		return cond{m.Asm.AtLeast(v(b), v(a)), true}
	}
	return cond{m.Greater(v(a), v(b)), op == vector.NotGreater}
}

func (m Machine) CompareZero(op vector.Comparison, a vec) vector.Cond {
	switch op {
	case vector.Equal:
		return cond{m.IsZero(v(a)), false}
	case vector.Less:
		return cond{m.Negative(v(a)), false}
	case vector.NotLessOrEqual:
		return cond{m.AtMostZero(v(a)), true}
	}
	return cond{m.Positive(v(a)), op == vector.NotGreater}
}

func (m Machine) EqualInts(a, b vec) vector.Cond { return cond{m.Asm.EqualInts(v(a), v(b)), false} }

func (m Machine) Better(a, b vec) vector.Cond {
	return cond{m.AndNot(m.Equal(v(b), v(b)), m.Asm.AtLeast(v(b), v(a))), false}
}

func (m Machine) Where(c vector.Cond, a vec) vec {
	if c := c.(cond); c.not {
		return m.AndNot(v(a), c.v)
	}
	return m.And(v(a), c.(cond).v)
}

func (m Machine) Select(c vector.Cond, yes, no vec) vec {
	if c.(cond).not {
		yes, no = no, yes
	}
	return m.Asm.Select(m.Asm.Copy(c.(cond).v), v(yes), v(no))
}

func (m Machine) Merge(into vec, c vector.Cond, yes vec) {
	if c := c.(cond); c.not {
		m.MergeUnless(v(into), c.v, v(yes))
	} else {
		m.Asm.Merge(v(into), c.v, v(yes))
	}
}

func (m Machine) ToInts(a vec) vec               { return m.Asm.ToInts(v(a)) }
func (m Machine) FromInts(a vec) vec             { return m.Asm.FromInts(v(a)) }
func (m Machine) AddInts(a, b vec) vec           { return m.Asm.AddInts(v(a), v(b)) }
func (m Machine) SubInts(a, b vec) vec           { return m.Asm.SubInts(v(a), v(b)) }
func (m Machine) ShiftLeft(a vec, bits int) vec  { return m.Asm.ShiftLeft(v(a), bits) }
func (m Machine) ShiftRight(a vec, bits int) vec { return m.Asm.ShiftRight(v(a), bits) }

func (m Machine) AddWide(lo, hi, a vec) {
	m.AddTo64(v(lo), m.Low(v(a)))
	m.AddTo64(v(hi), m.High(v(a)))
}

func (m Machine) AddMulWide(lo, hi, a, b vec) {
	m.AddMul64(v(lo), m.Low(v(a)), m.Low(v(b)))
	m.AddMul64(v(hi), m.High(v(a)), m.High(v(b)))
}

// pairwise reduces a to its first vector: fold combines a second one into a first.
func pairwise(a []vec, fold func(into, a Vec)) Vec {
	for n := len(a) / 2; n > 0; n /= 2 {
		for i := range n {
			fold(v(a[i]), v(a[i+n]))
		}
	}
	return v(a[0])
}

func (m Machine) Sum64(lo, hi []vec) vec {
	return m.Asm.Sum64(pairwise(append(append([]vec{}, lo...), hi...), m.AddTo64))
}

// MaxTo keeps NaN, so that nothing else need remember it.
func (m Machine) MaxTo(best, a vec)      { m.Asm.MaxTo(v(best), v(a)) }
func (m Machine) Largest(best []vec) vec { return m.Asm.Largest(pairwise(best, m.Asm.MaxTo)) }
func (m Machine) NoNaN() vec             { return nil }
func (m Machine) NoteNaN(_, _ vec)       {}
func (m Machine) OrNaN(_, a vec) vec     { return a }

func (m Machine) Spread(a vec) vec { return m.Asm.Spread(v(a)) }

func (m Machine) SpreadSum64(a vec) vec {
	sum := m.Vec()
	m.VecOp("FCVTDS F%d, F%d", v(a), sum)
	return m.Asm.Spread(sum)
}

// count is n, and a number in each lane.
type count struct {
	lanes Vec
	n     int
}

func (m Machine) NewCount(n int) vector.Count { return count{m.Asm.Zero(), n} }

func (m Machine) Counted(c vector.Count) vec {
	lo, hi := m.Zero(), m.Zero()
	m.AddWide(lo, hi, c.(count).lanes)
	return m.Add(m.SpreadSum64(m.Sum64([]vec{lo}, []vec{hi})), m.F(float64(c.(count).n)))
}
