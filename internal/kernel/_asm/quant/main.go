// Command quant writes the assembly of package quant for amd64.
package main

import (
	"flag"
	"fmt"
	"go/types"
	"log"
	"os"

	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/residuum-go/residuum/internal/kernel/_asm/simd"
	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

func main() {
	flags := flag.NewFlagSet("quant", flag.ExitOnError)
	config := build.NewFlags(flags)
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
	c := build.NewContext()
	c.ConstraintExpr("!purego")
	pkg := vector.Structs("../quant/tile.go")
	for _, rows := range []int{12, 10, 4, 1} {
		vnni512(c).tile(pkg, rows, 2)
		vnni512(c).tile(pkg, rows, 1)
	}
	for _, rows := range []int{6, 1} {
		avxVNNI(c).tile(pkg, rows, 1)
	}
	for _, rows := range []int{4, 1} {
		avx2(c).tile(pkg, rows, 1)
	}
	largest(c)
	rounded(c)
	os.Exit(build.Main(config.Config(), c))
}

// panel is the output channels of a panel.
const panel = 16

// isa is what differs between the instruction sets.
type isa struct {
	*build.Context
	name  string
	lanes int // int32 of a vector
	regs  []reg.VecPhysical
	step  func(sums [][]reg.VecPhysical, free []reg.VecPhysical, w func(v int) Mem, x func(row int) Mem)
	store func(sums []reg.VecPhysical, m Mem, tmp reg.VecPhysical) // bytes, of a panel
}

var rowRegs = []reg.GPPhysical{reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI, reg.RDI, reg.R8, reg.R9, reg.R10, reg.R11, reg.R12, reg.R13}

// tile writes the kernel of tiles of so many rows by panels. Registers that are not of rows are the weights, the way to the
// next panel's, and how far the rows are, from -4*Steps to 0.
func (v isa) tile(pkg *types.Package, rows, panels int) {
	name := fmt.Sprintf("tile%dx%d%s", rows, panels, v.name)
	v.Function(name)
	v.Attributes(attr.NOSPLIT)
	v.Doc(fmt.Sprintf("%s computes a tile of %d rows, %d panels at a time.", name, rows, panels))
	field := simd.TakeStruct(v.Context, pkg, "tile")
	xEnd, zeroEnd, steps, taps, off := v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8)
	weights, done, left := v.AllocLocal(8), v.AllocLocal(8), v.AllocLocal(8)
	w, next, at := reg.R14, reg.R15, reg.RBP
	t := reg.RAX

	v.Load(v.Param("t"), t)
	v.MOVQ(field(t, "Steps"), reg.RCX)
	v.SHLQ(U8(2), reg.RCX)
	for i, to := range []Mem{xEnd, zeroEnd} { // rows are addressed from their ends, so that one counter serves all
		v.MOVQ(field(t, []string{"X", "Zero"}[i]), reg.RDX)
		v.ADDQ(reg.RCX, reg.RDX)
		v.MOVQ(reg.RDX, to)
	}
	v.NEGQ(reg.RCX)
	v.MOVQ(reg.RCX, steps)
	v.MOVQ(field(t, "W"), w)
	v.MOVQ(w, weights)
	v.MOVQ(field(t, "Panels"), reg.RDX)
	v.MOVQ(reg.RDX, left)
	v.MOVQ(U32(0), done)

	vectors := panels * panel / v.lanes
	var sums [][]reg.VecPhysical
	for i := range rows {
		sums = append(sums, v.regs[i*vectors:(i+1)*vectors])
	}
	free := v.regs[rows*vectors:]

	v.Label("panels")
	v.Load(v.Param("t"), t)
	v.MOVQ(field(t, "Start"), reg.RDX)
	v.MOVQ(done, reg.RCX)
	for j := range vectors {
		v.VMOVUPS(Mem{Base: reg.RDX, Index: reg.RCX, Scale: 4, Disp: 4 * v.lanes * j}, sums[0][j])
		for _, s := range sums[1:] {
			v.VMOVAPS(sums[0][j], s[j])
		}
	}
	for i, to := range []Mem{off, taps} {
		v.MOVQ(field(t, []string{"Off", "Taps"}[i]), reg.RDX)
		v.MOVQ(reg.RDX, to)
	}
	v.MOVQ(field(t, "Pitch"), next)
	v.MOVQ(weights, w)

	v.Label("tap")
	table := rowRegs[rows-1] // the last row's pointer replaces the table's
	v.MOVQ(off, table)
	v.ADDQ(U8(4*rows), off)
	v.MOVQ(xEnd, at)
	for i := range rows {
		p := rowRegs[i]
		v.MOVL(Mem{Base: table, Disp: 4 * i}, p.As32())
		v.TESTL(p.As32(), p.As32())
		v.LEAQ(Mem{Base: at, Index: p, Scale: 1}, p)
		v.CMOVQMI(zeroEnd, p)
	}
	v.MOVQ(steps, at)
	v.Label("step")
	v.step(sums, free, func(i int) Mem {
		m := Mem{Base: w, Disp: 4 * v.lanes * i}
		if per := panel / v.lanes; i >= per {
			m = Mem{Base: w, Index: next, Scale: 1, Disp: 4 * v.lanes * (i - per)}
		}
		return m
	}, func(i int) Mem { return Mem{Base: rowRegs[i], Index: at, Scale: 1} })
	v.ADDQ(U8(4*panel), w)
	v.ADDQ(U8(4), at)
	v.JNE(LabelRef("step"))
	v.DECQ(taps)
	v.JNE(LabelRef("tap"))

	v.after(field, sums, free, done)
	v.MOVQ(field(t, "Pitch"), reg.RDX)
	if panels == 2 {
		v.ADDQ(reg.RDX, reg.RDX)
	}
	v.ADDQ(reg.RDX, weights)
	v.ADDQ(U8(panel*panels), done)
	v.SUBQ(U8(panels), left)
	v.JNE(LabelRef("panels"))
	v.VZEROUPPER()
	v.RET()
}

// after does what follows the sums, and stores; it leaves the argument in RAX.
func (v isa) after(field func(reg.Register, string) Mem, sums [][]reg.VecPhysical, free []reg.VecPhysical, done Mem) {
	t, channel, out, row, base := reg.RAX, reg.RBX, reg.RCX, reg.RDX, reg.RSI
	tmp, by := free[0], free[1]
	v.Load(v.Param("t"), t)
	v.MOVQ(done, channel)
	v.MOVQ(field(t, "Out"), out)
	v.MOVQ(field(t, "Mul"), row)
	v.MOVQ(field(t, "Bias"), base)
	for j := range sums[0] {
		m := Mem{Base: row, Index: channel, Scale: 4, Disp: 4 * v.lanes * j}
		b := m
		b.Base = base
		v.VMOVUPS(m, by)
		v.VMOVUPS(b, tmp)
		for _, s := range sums {
			v.VCVTDQ2PS(s[j], s[j])
			v.VMULPS(by, s[j], s[j])
			v.VADDPS(tmp, s[j], s[j])
		}
	}
	v.MOVQ(field(t, "Add"), base)
	v.TESTQ(base, base)
	v.JE(LabelRef("bounds"))
	v.VBROADCASTSS(field(t, "AddMul"), by)
	v.ADDQ(channel, base)
	for i, s := range sums {
		v.MOVLQSX(Mem{Base: out, Disp: 4 * i}, row)
		for j := range s {
			v.VPMOVZXBD(Mem{Base: base, Index: row, Scale: 1, Disp: v.lanes * j}, tmp)
			v.VCVTDQ2PS(tmp, tmp)
			v.VMULPS(by, tmp, tmp)
			v.VADDPS(tmp, s[j], s[j])
		}
	}
	v.Label("bounds")
	v.VBROADCASTSS(field(t, "Lo"), tmp)
	v.VBROADCASTSS(field(t, "Hi"), by)
	for _, s := range sums {
		for _, r := range s {
			v.VMAXPS(tmp, r, r)
			v.VMINPS(by, r, r)
		}
	}
	v.MOVQ(field(t, "Y"), base)
	v.TESTQ(base, base)
	v.JE(LabelRef("numbers"))
	v.ADDQ(channel, base)
	for i, s := range sums {
		v.MOVLQSX(Mem{Base: out, Disp: 4 * i}, row)
		for j := range s {
			v.VCVTPS2DQ(s[j], s[j])
		}
		per := panel / v.lanes
		for p := 0; p < len(s); p += per {
			v.store(s[p:p+per], Mem{Base: base, Index: row, Scale: 1, Disp: v.lanes * p}, tmp)
		}
	}
	v.JMP(LabelRef("stored"))
	v.Label("numbers")
	v.MOVQ(field(t, "F"), base)
	v.LEAQ(Mem{Base: base, Index: channel, Scale: 4}, base)
	for i, s := range sums {
		v.MOVLQSX(Mem{Base: out, Disp: 4 * i}, row)
		for j := range s {
			v.VMOVUPS(s[j], Mem{Base: base, Index: row, Scale: 4, Disp: 4 * v.lanes * j})
		}
	}
	v.Label("stored")
}

// vnni512 multiplies four bytes and adds the products to a sum at once.
func vnni512(c *build.Context) isa {
	return isa{
		Context: c, name: "VNNI512", lanes: 16, regs: zmm(), step: vnniStep(c, dot),
		store: func(sums []reg.VecPhysical, m Mem, _ reg.VecPhysical) {
			c.VPMOVDB(sums[0], sums[0].AsX()) // to memory it is slower than both
			c.VMOVDQU32(sums[0].AsX(), m)
		},
	}
}

// avxVNNI does the same for CPUs without AVX-512.
func avxVNNI(c *build.Context) isa {
	v := avx2(c)
	v.name, v.step = "AVXVNNI", vnniStep(c, dotVEX)
	return v
}

func vnniStep(c *build.Context, dot func(c *build.Context, w, x, sum reg.VecPhysical)) func(sums [][]reg.VecPhysical, free []reg.VecPhysical, w, x func(int) Mem) {
	return func(sums [][]reg.VecPhysical, free []reg.VecPhysical, w, x func(int) Mem) {
		n := len(sums[0])
		for j := range n {
			c.VMOVUPS(w(j), free[j])
		}
		pixels := free[n:]
		for i, s := range sums {
			p := pixels[i%min(len(pixels), 6)]
			c.VPBROADCASTD(x(i), p)
			for j := range s {
				dot(c, free[j], p, s[j])
			}
		}
	}
}

// dot writes VPDPBUSD, which avo does not know.
func dot(c *build.Context, w, x, sum reg.VecPhysical) {
	c.Instruction(&ir.Instruction{
		Opcode: "VPDPBUSD", Operands: []Op{w, x, sum}, Inputs: []Op{w, x, sum}, Outputs: []Op{sum}, ISA: []string{"AVX512VNNI"},
	})
}

// dotVEX writes the form of VPDPBUSD that needs AVX-VNNI instead of AVX-512. Go's assembler does not know it, so these are
// its bytes: VEX.256.66.0F38.W0 50 /r.
func dotVEX(c *build.Context, w, x, sum reg.VecPhysical) {
	c.Comment(fmt.Sprintf("{vex} VPDPBUSD %s, %s, %s", w.Asm(), x.Asm(), sum.Asm()))
	for _, b := range vex(int(w.PhysicalIndex()), int(x.PhysicalIndex()), int(sum.PhysicalIndex())) {
		c.Instruction(&ir.Instruction{Opcode: "BYTE", Operands: []Op{U8(b)}})
	}
}

// vex encodes it for the numbers of the registers.
func vex(w, x, sum int) [5]byte {
	return [5]byte{0xc4, byte(^sum>>3&1)<<7 | 1<<6 | byte(^w>>3&1)<<5 | 2, byte(^x&15)<<3 | 1<<2 | 1, 0x50, 0xc0 | byte(sum&7)<<3 | byte(w&7)}
}

// avx2 multiplies pairs of bytes as int16: VPMADDUBSW would take them as they are, but its sums of two products may not fit.
func avx2(c *build.Context) isa {
	return isa{
		Context: c, name: "AVX2", lanes: 8, regs: ymm(),
		step: func(sums [][]reg.VecPhysical, free []reg.VecPhysical, w func(int) Mem, x func(int) Mem) {
			n := len(sums[0])
			even, odd, pixels := free[:n], free[n:2*n], free[2*n:]
			for j := range n {
				c.VMOVDQU(w(j), odd[j])
				c.VPSLLW(U8(8), odd[j], even[j])
				c.VPSRAW(U8(8), even[j], even[j])
				c.VPSRAW(U8(8), odd[j], odd[j])
			}
			for i, s := range sums {
				a, b, t := pixels[0], pixels[1], pixels[2:]
				c.VPBROADCASTD(x(i), b)
				c.VPSLLW(U8(8), b, a)
				c.VPSRLW(U8(8), a, a)
				c.VPSRLW(U8(8), b, b)
				for j := range s {
					c.VPMADDWD(even[j], a, t[0])
					c.VPADDD(t[0], s[j], s[j])
					c.VPMADDWD(odd[j], b, t[1])
					c.VPADDD(t[1], s[j], s[j])
				}
			}
		},
		store: func(sums []reg.VecPhysical, m Mem, tmp reg.VecPhysical) { bytes(c, sums[0], sums[1], tmp, m) },
	}
}

// vec is a vector register, virtual or physical.
type vec interface {
	reg.Vec
	Op
}

// bytes stores the 16 integers of a and b, which are between 0 and 255, as bytes; all registers are lost.
func bytes(c *build.Context, a, b, tmp vec, m Mem) {
	c.VPACKUSDW(b, a, a) // 0-3 and 8-11, then 4-7 and 12-15
	c.VEXTRACTI128(U8(1), a, tmp.AsX())
	c.VPACKUSWB(tmp.AsX(), a.AsX(), a.AsX())
	c.VPSHUFD(U8(0xd8), a.AsX(), a.AsX())
	c.VMOVDQU(a.AsX(), m)
}

func zmm() []reg.VecPhysical {
	return []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10,
		reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15, reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21,
		reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
}

func ymm() []reg.VecPhysical {
	return []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7,
		reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
}

// largest writes the maximum of bytes, for a number that is a multiple of 16.
func largest(c *build.Context) {
	c.Function("largestAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(a *uint8, b *uint8, n int)")
	c.Doc("largestAVX2 is largestRef for n > 0 bytes, a multiple of 4.")
	a, b, n := c.Load(c.Param("a"), c.GP64()), c.Load(c.Param("b"), c.GP64()), c.Load(c.Param("n"), c.GP64()).(reg.GPVirtual)
	at := func(r reg.Register) Mem { return Mem{Base: r} }
	c.SUBQ(U8(32), n)
	c.JL(LabelRef("rest"))
	c.Label("vector")
	v := c.YMM()
	c.VMOVDQU(at(a), v)
	c.VPMAXUB(at(b), v, v)
	c.VMOVDQU(v, at(a))
	c.ADDQ(U8(32), a.(reg.GPVirtual))
	c.ADDQ(U8(32), b.(reg.GPVirtual))
	c.SUBQ(U8(32), n)
	c.JGE(LabelRef("vector"))
	c.Label("rest")
	c.ADDQ(U8(32), n)
	c.JE(LabelRef("done"))
	c.Label("word")
	x, y := c.XMM(), c.XMM()
	c.VMOVD(at(a), x)
	c.VMOVD(at(b), y)
	c.VPMAXUB(y, x, x)
	c.VMOVD(x, at(a))
	c.ADDQ(U8(4), a.(reg.GPVirtual))
	c.ADDQ(U8(4), b.(reg.GPVirtual))
	c.SUBQ(U8(4), n)
	c.JNE(LabelRef("word"))
	c.Label("done")
	c.VZEROUPPER()
	c.RET()
}

// rounded writes the rounding of quads of numbers to bytes.
func rounded(c *build.Context) {
	c.Function("roundAVX2")
	c.Pragma("noescape")
	c.Attributes(attr.NOSPLIT)
	c.SignatureExpr("func(y *uint8, x *float32, n int, stride int, by float32, zero float32)")
	c.Doc("roundAVX2 sets 4n bytes, for n > 0 a multiple of 4, to numbers of which four follow each other every stride bytes.")
	y, x, n, stride := c.GP64(), c.GP64(), c.GP64(), c.GP64()
	c.Load(c.Param("y"), y)
	c.Load(c.Param("x"), x)
	c.Load(c.Param("n"), n)
	c.Load(c.Param("stride"), stride)
	by, zero, lo, hi := c.YMM(), c.YMM(), c.YMM(), c.YMM()
	spread := func(name string, to reg.VecVirtual) {
		a, err := c.Param(name).Resolve()
		if err != nil {
			log.Fatal(err)
		}
		c.VBROADCASTSS(a.Addr, to)
	}
	spread("by", by)
	spread("zero", zero)
	c.VXORPS(lo, lo, lo)
	most := c.GP32()
	c.MOVL(U32(0x437f0000), most) // 255
	c.VMOVD(most, hi.AsX())
	c.VPBROADCASTD(hi.AsX(), hi)
	c.Label("quads")
	var ints []reg.VecVirtual
	for range 2 {
		v := c.YMM()
		c.VMOVUPS(Mem{Base: x}, v.AsX())
		c.VINSERTF128(U8(1), Mem{Base: x, Index: stride, Scale: 1}, v, v)
		c.LEAQ(Mem{Base: x, Index: stride, Scale: 2}, x)
		c.VMULPS(by, v, v)
		c.VADDPS(zero, v, v)
		c.VMAXPS(lo, v, v) // lo for NaN
		c.VMINPS(hi, v, v)
		c.VCVTPS2DQ(v, v)
		ints = append(ints, v)
	}
	bytes(c, ints[0], ints[1], c.YMM(), Mem{Base: y})
	c.ADDQ(U8(16), y)
	c.SUBQ(U8(4), n)
	c.JNE(LabelRef("quads"))
	c.VZEROUPPER()
	c.RET()
}
