// Package neon writes arm64 assembly for Go: functions whose vectors are virtual registers, in a text
// that shows every instruction. avo, which writes the amd64 kernels, does not know arm64. [Asm] is the assembler, and
// [Machine] the back-end of package vector on top of it.
//
// Go's assembler lacks most of the floating-point vector instructions. Those are written as WORDs, with
// the instruction in the notation of the Arm manual behind them.
package neon

import (
	"bytes"
	"fmt"
	"log"
	"math"
	"os"
	"strings"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// Vec is a virtual vector register of the current function.
type Vec int

// GP is a general register, R0 to R25. They are dealt out by hand: [Asm.GP].
type GP int

func (r GP) String() string { return fmt.Sprintf("R%d", int(r)) }

// Asm collects functions.
type Asm struct {
	text, declarations bytes.Buffer
	pkg                string
	funcs              []vector.Func // that have loops of package vector

	// The current function.
	header string
	code   []line
	vecs   int
	next   GP
	labels int

	constants map[[4]uint32]int // offsets in the table of constants
	data      [][4]uint32
	usesTable bool // of the current function
}

// line is an instruction or a label. print gets the numbers of the registers of vecs. A move copies the first of two.
type line struct {
	label, target string
	vecs          []Vec
	move          bool
	print         func(v []int) string
}

// New starts the files of a package.
func New(pkg string) *Asm { return &Asm{pkg: pkg, constants: map[[4]uint32]int{}} }

// Func starts a function; End ends it. signature is what follows the name in Go, size the bytes of
// parameters and results.
func (a *Asm) Func(name, signature, doc string, size int) {
	fmt.Fprintf(&a.declarations, "\n// %s %s\n//\n//go:noescape\nfunc %s%s\n", name, doc, name, signature)
	a.header = fmt.Sprintf("\n// func %s%s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, signature, name, size)
	a.code, a.vecs, a.next, a.labels, a.usesTable = nil, 0, 0, 0, false
}

// GP returns the next free general register. R18 belongs to the system.
func (a *Asm) GP() GP {
	if a.next == 18 {
		a.next++
	}
	if a.next >= table {
		log.Fatalf("neon: too many general registers: %s", a.header)
	}
	a.next++
	return a.next - 1
}

// Mark and Release give back the general registers that were dealt out since the mark.
func (a *Asm) Mark() GP     { return a.next }
func (a *Asm) Release(m GP) { a.next = m }

// Vec returns a new vector register.
func (a *Asm) Vec() Vec {
	a.vecs++
	return Vec(a.vecs - 1)
}

// Vecs returns n new vector registers.
func (a *Asm) Vecs(n int) (v []Vec) {
	for range n {
		v = append(v, a.Vec())
	}
	return v
}

// Op writes an instruction without vectors.
func (a *Asm) Op(format string, args ...any) {
	s := fmt.Sprintf(format, args...)
	a.code = append(a.code, line{print: func([]int) string { return s }})
}

// VecOp writes an instruction with vectors: every %d of the format is the number of one.
func (a *Asm) VecOp(format string, vecs ...Vec) {
	a.code = append(a.code, line{vecs: vecs, print: func(v []int) string {
		args := make([]any, len(v))
		for i := range v {
			args[i] = v[i]
		}
		return fmt.Sprintf(format, args...)
	}})
}

// Label sets a label of the function.
func (a *Asm) Label(name string) { a.code = append(a.code, line{label: name}) }

// Unique returns a label that the function does not have.
func (a *Asm) Unique(name string) string {
	a.labels++
	return fmt.Sprintf("%s%d", name, a.labels)
}

// Jump writes a branch: Jump("BNE", "loop"), Jump("CBZ R3,", "done").
func (a *Asm) Jump(branch, label string) {
	s := branch + " " + label
	a.code = append(a.code, line{target: label, print: func([]int) string { return s }})
}

// constantTable is the table's symbol, and table the register that holds its address in functions that use it.
const (
	constantTable = "constants<>"
	table         = GP(26)
)

// Words returns a vector with constants. It is read from the table each time: that costs no more than a
// copy, and accumulating instructions overwrite it.
func (a *Asm) Words(u [4]uint32) Vec {
	if _, ok := a.constants[u]; !ok {
		a.constants[u] = 16 * len(a.data)
		a.data = append(a.data, u)
	}
	a.usesTable = true
	v := a.Vec()
	a.Load(v, table, a.constants[u], 4)
	return v
}

// Bits returns [Asm.Words] with the same bits in every lane.
func (a *Asm) Bits(u uint32) Vec { return a.Words([4]uint32{u, u, u, u}) }

// F returns a vector with a number in every lane.
func (a *Asm) F(f float64) Vec { return a.Bits(math.Float32bits(float32(f))) }

// End gives the virtual registers real ones and writes the function.
func (a *Asm) End() {
	regs := a.allocate()
	a.text.WriteString(a.header)
	if a.usesTable {
		fmt.Fprintf(&a.text, "\tMOVD $%s(SB), %v\n", constantTable, table)
	}
	for _, l := range a.code {
		if l.label != "" {
			fmt.Fprintf(&a.text, "\n%s:\n", l.label)
			continue
		}
		v := make([]int, len(l.vecs))
		for i, r := range l.vecs {
			v[i] = regs[r]
		}
		if l.move && v[0] == v[1] {
			continue
		}
		fmt.Fprintf(&a.text, "\t%s\n", l.print(v))
	}
}

// allocate gives each virtual register one of 32 for as long as it lives: from the first line that
// names it to the last one, and to the end of every loop that it is carried into. Of the free ones it
// takes the one that has been free for longest, so that neighbouring instructions share few registers. A register
// that begins as a copy of one that ends there is the same one, and needs no instruction: so operations may copy
// what the instruction overwrites, and only those copies remain that are needed.
func (a *Asm) allocate() []int {
	type span struct{ first, last int }
	spans := make([]span, a.vecs)
	for i := range spans {
		spans[i].first = -1
	}
	labels := map[string]int{}
	for at, l := range a.code {
		if l.label != "" {
			labels[l.label] = at
		}
		for _, v := range l.vecs {
			if spans[v].first < 0 {
				spans[v].first = at
			}
			spans[v].last = at
		}
	}
	for again := true; again; {
		again = false
		for end, l := range a.code {
			start, ok := labels[l.target]
			if l.target != "" && !ok {
				log.Fatalf("neon: no label %s: %s", l.target, a.header)
			}
			if l.target == "" || start > end {
				continue
			}
			for i, s := range spans {
				if s.first >= 0 && s.first < start && s.last >= start && s.last < end {
					spans[i].last, again = end, true
				}
			}
		}
	}
	same := make([]Vec, a.vecs) // the register that a copy is one with
	for i := range same {
		same[i] = Vec(i)
	}
	for at, l := range a.code {
		if !l.move {
			continue
		}
		if from, to := same[l.vecs[0]], l.vecs[1]; spans[from].last == at && spans[to].first == at {
			same[to], spans[from].last, spans[to].first = from, spans[to].last, -1
		}
	}
	starts, ends := make([][]Vec, len(a.code)), make([][]Vec, len(a.code))
	for i, s := range spans {
		if s.first >= 0 {
			starts[s.first] = append(starts[s.first], Vec(i))
			ends[s.last] = append(ends[s.last], Vec(i))
		}
	}
	regs := make([]int, a.vecs)
	var free []int
	for r := range 32 {
		free = append(free, r)
	}
	for at := range a.code {
		// A register whose last line this is may not be reused in it: an instruction may be two.
		for _, v := range starts[at] {
			if len(free) == 0 {
				log.Fatalf("neon: more than 32 vectors: %s", a.header)
			}
			regs[v], free = free[0], free[1:]
		}
		for _, v := range ends[at] {
			free = append(free, regs[v])
		}
	}
	for v := range regs {
		regs[v] = regs[same[v]]
	}
	return regs
}

// Write writes the assembly and its declarations.
func (a *Asm) Write(assembly, declarations, by string) {
	a.WriteAssembly(assembly, by)
	vector.WriteGo(declarations, vector.Head(a.pkg, "!purego", by)+a.declarations.String())
}

// WriteAssembly writes the assembly alone.
func (a *Asm) WriteAssembly(path, by string) {
	var s strings.Builder
	s.WriteString("// Code generated by command: " + by + ". DO NOT EDIT.\n\n//go:build !purego\n\n#include \"textflag.h\"\n")
	if len(a.data) > 0 {
		s.WriteString("\n")
		for i, u := range a.data {
			for half := range 2 {
				fmt.Fprintf(&s, "DATA %s+%d(SB)/8, $0x%08x%08x\n", constantTable, 16*i+8*half, u[2*half+1], u[2*half])
			}
		}
		fmt.Fprintf(&s, "GLOBL %s(SB), RODATA|NOPTR, $%d\n", constantTable, 16*len(a.data))
	}
	s.Write(a.text.Bytes())
	if err := os.WriteFile(path, []byte(s.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
