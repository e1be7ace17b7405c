// Package simd is the back-end of package vector for AVX2 and AVX-512, which are the same but for the width, masks
// and a few instructions.
package simd

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Machine is a [vector.Machine] that emits the instructions of one level into a context that several may share.
type Machine struct {
	*build.Context
	Name  string // suffix of function names
	Lanes int    // float32 per vector

	shared *shared
	labels int
	funcs  []vector.Func
}

// shared is what the machines of one file have in common.
type shared struct{ globals map[string]Mem }

// Machines returns the levels that a generated file holds.
func Machines(c *build.Context) []*Machine {
	s := &shared{globals: map[string]Mem{}}
	return []*Machine{
		{Context: c, Name: "AVX2", Lanes: 8, shared: s},
		{Context: c, Name: "AVX512", Lanes: 16, shared: s},
	}
}

// Wide reports whether the machine has AVX-512.
func (m *Machine) Wide() bool { return m.Lanes == 16 }

func (m *Machine) Registers() int { return 2 * m.Lanes }

// Bytes returns the size of a vector.
func (m *Machine) Bytes() int { return 4 * m.Lanes }

// Func starts a function.
func (m *Machine) Func(f vector.Func) {
	m.Begin(f.Name, "func"+f.Signature(), "computes "+f.Doc+".")
	m.funcs = append(m.funcs, f)
}

func (m *Machine) Level() vector.Level { return vector.Level{Name: m.Name, Funcs: m.funcs} }

// Begin starts function name with the level's suffix; signature is that of Go.
func (m *Machine) Begin(name, signature, doc string) {
	m.Function(name + m.Name)
	m.Attributes(attr.NOSPLIT)
	m.SignatureExpr(signature)
	m.Doc(name + m.Name + " " + doc)
	m.labels = 0
}

// End returns from a function that used vectors.
func (m *Machine) End() {
	m.VZEROUPPER()
	m.RET()
}

// Unique returns a label that no other part of the function has.
func (m *Machine) Unique(name string) string {
	m.labels++
	return fmt.Sprintf("%s%d", name, m.labels)
}

// Vec returns a vector register.
func (m *Machine) Vec() reg.VecVirtual {
	if m.Wide() {
		return m.ZMM()
	}
	return m.YMM()
}

// Half returns a register for half a vector.
func (m *Machine) Half() reg.VecVirtual {
	if m.Wide() {
		return m.YMM()
	}
	return m.XMM()
}

// Number is a constant. AVX-512 instructions broadcast it from one word in memory; AVX2 ones read a whole vector.
type Number struct{ Mem }

func (m *Machine) F(v float64) vec { return m.Bits(math.Float32bits(float32(v))) }

func (m *Machine) Bits(u uint32) vec {
	n := 8
	if m.Wide() {
		n = 1
	}
	return Number{m.global(fmt.Sprintf("all%d_%08x", n, u), n, func(int) uint32 { return u })}
}

// Iota returns the integers 0, 1, 2...
func (m *Machine) Iota() Mem {
	return m.global(fmt.Sprintf("iota%d", m.Lanes), m.Lanes, func(i int) uint32 { return uint32(i) })
}

func (m *Machine) global(name string, n int, value func(i int) uint32) Mem {
	if g, ok := m.shared.globals[name]; ok {
		return g
	}
	g := m.StaticGlobal(name)
	m.DataAttributes(attr.RODATA | attr.NOPTR)
	for i := range n {
		m.AddDatum(4*i, U32(value(i)))
	}
	m.shared.globals[name] = g
	return g
}

// Pointer loads the address of the first element of a slice parameter.
func (m *Machine) Pointer(param string) reg.GPVirtual {
	return m.Context.Load(m.Param(param).Base(), m.GP64()).(reg.GPVirtual)
}

// Int loads an int parameter.
func (m *Machine) Int(param string) reg.GPVirtual {
	return m.Context.Load(m.Param(param), m.GP64()).(reg.GPVirtual)
}

// Broadcast returns a vector with the float32 parameter in every lane.
func (m *Machine) Broadcast(param string) reg.VecVirtual {
	c, err := m.Param(param).Resolve()
	if err != nil {
		panic(err)
	}
	v := m.Vec()
	m.VBROADCASTSS(c.Addr, v)
	return v
}

// Mask is the first lanes of a vector: an opmask, or a vector of all-ones and zeros.
type Mask struct{ Op }

// FirstLanes returns the mask of the first n lanes, n less than a vector's.
func (m *Machine) FirstLanes(n reg.GPVirtual) Mask {
	if m.Wide() {
		bits, k := m.GP32(), m.K()
		m.MOVL(I32(-1), bits)
		m.BZHIL(n.As32(), bits, bits)
		m.KMOVW(bits, k)
		return Mask{k}
	}
	x, v := m.XMM(), m.YMM()
	m.VMOVD(n.As32(), x)
	m.VPBROADCASTD(x, v)
	m.VPCMPGTD(m.Iota(), v, v)
	return Mask{v}
}

// Load reads a vector, with a mask only its lanes; the others are 0.
func (m *Machine) Load(at Mem, mask *Mask) reg.VecVirtual {
	v := m.Vec()
	switch {
	case mask == nil:
		m.VMOVUPS(at, v)
	case m.Wide():
		m.VMOVUPS_Z(at, mask.Op, v)
	default:
		m.VMASKMOVPS(at, mask.Op, v)
	}
	return v
}

// Store writes a vector, with a mask only its lanes.
func (m *Machine) Store(v reg.VecVirtual, at Mem, mask *Mask) {
	switch {
	case mask == nil:
		m.VMOVUPS(v, at)
	case m.Wide():
		m.VMOVUPS(v, mask.Op, at)
	default:
		m.VMASKMOVPS(v, mask.Op, at)
	}
}
