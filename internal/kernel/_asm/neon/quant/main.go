// Command quant writes the arm64 assembly of package quant, as the command of the same name writes it for amd64.
package main

import (
	"flag"
	"fmt"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

type (
	vec = neon.Vec
	gp  = neon.GP
)

const (
	panel   = 16
	vectors = panel / 4
)

func main() {
	out := flag.String("out", "", "assembly")
	declarations := flag.String("declarations", "", "of the functions, in Go")
	flag.Parse()
	k := kernel{neon.New("quant"), neon.FieldsOf("../quant/tile.go")}
	k.tile(6)
	k.tile(1)
	k.Write(*out, *declarations, "go run ./neon/quant")
}

type kernel struct {
	*neon.Asm
	fields neon.Fields
}

func (k kernel) field(t gp, name string, to gp) { k.Field(k.fields, t, "tile."+name, to) }

// tile writes the kernel of tiles of so many rows. SDOT multiplies signed bytes, so those of pixels become x - 128.
func (k kernel) tile(rows int) {
	k.Func(fmt.Sprintf("tile%dDot", rows), "(t *tile)", fmt.Sprintf("computes a tile of %d rows.", rows), 8)
	t := k.GP()
	k.Op("MOVD t+0(FP), %v", t)
	get := func(name string) gp {
		r := k.GP()
		k.field(t, name, r)
		return r
	}
	x, zero, weights, left := get("X"), get("Zero"), get("W"), get("Panels")
	done, off, taps, steps, w, tmp := k.GP(), k.GP(), k.GP(), k.GP(), k.GP(), k.GP()
	var p []gp
	for range rows {
		p = append(p, k.GP())
	}
	k.Op("MOVD $0, %v", done)
	half := k.Bits(0x80808080)

	k.Label("panels")
	k.field(t, "Start", tmp)
	k.Op("ADD %v<<2, %v", done, tmp)
	var sums [][]vec
	for i := range rows {
		sums = append(sums, k.Vecs(vectors))
		for j, v := range sums[i] {
			k.Load(v, tmp, 16*j, 4)
		}
	}
	k.field(t, "Off", off)
	k.field(t, "Taps", taps)
	k.Op("MOVD %v, %v", weights, w)
	k.Label("tap")
	for _, r := range p {
		k.Op("MOVW.P 4(%v), %v", off, tmp)
		k.Op("ADD %v, %v, %v", tmp, x, r)
		k.Op("CMPW $0, %v", tmp)
		k.Op("CSEL LT, %v, %v, %v", zero, r, r)
	}
	k.field(t, "Steps", steps)
	k.Label("step")
	quads := k.Vecs(vectors)
	for _, q := range quads {
		k.LoadNext(q, w, 4)
	}
	for i, r := range p {
		pixel := k.Vec()
		k.LoadNext(pixel, r, 1)
		k.Xor(pixel, half)
		for j, q := range quads {
			k.DotLane(sums[i][j], q, pixel)
		}
	}
	k.Op("SUBS $1, %v", steps)
	k.Jump("BNE", "step")
	k.Op("SUBS $1, %v", taps)
	k.Jump("BNE", "tap")

	k.after(t, sums, done, off, taps, steps)
	k.field(t, "Pitch", tmp)
	k.Op("ADD %v, %v", tmp, weights)
	k.Op("ADD $%d, %v", panel, done)
	k.Op("SUBS $1, %v", left)
	k.Jump("BNE", "panels")
	k.Op("RET")
	k.End()
}

// after does what follows the sums, and stores them. The last three registers are free.
func (k kernel) after(t gp, sums [][]vec, done, out, base, at gp) {
	scalar := func(name string) vec {
		one := k.Vec()
		k.Load(one, t, k.fields.Offset("tile."+name), 1)
		return k.Spread(one)
	}
	row := func(i, size int) {
		k.Op("MOVW %d(%v), %v", 4*i, out, at)
		k.Op("ADD %v<<%d, %v, %v", at, map[int]int{1: 0, 4: 2}[size], base, at)
	}
	k.field(t, "Out", out)
	k.field(t, "Mul", base)
	k.field(t, "Bias", at)
	k.Op("ADD %v<<2, %v", done, base)
	k.Op("ADD %v<<2, %v", done, at)
	for j := range vectors {
		mul, bias := k.Vec(), k.Vec()
		k.Load(mul, base, 16*j, 4)
		k.Load(bias, at, 16*j, 4)
		for _, s := range sums {
			k.ScaleInts(s[j], mul)
			k.AddTo(s[j], bias)
		}
	}
	k.field(t, "Add", base)
	k.Jump(fmt.Sprintf("CBZ %v,", base), "bounds")
	k.Op("ADD %v, %v", done, base)
	by := scalar("AddMul")
	for i, s := range sums {
		row(i, 1)
		bytes := k.Vec()
		k.Load(bytes, at, 0, 4)
		for j, v := range k.Widen(bytes) {
			k.ScaleInts(v, by)
			k.AddTo(s[j], v)
		}
	}
	k.Label("bounds")
	lo, hi := scalar("Lo"), scalar("Hi")
	for _, s := range sums {
		for _, v := range s {
			k.Bound(v, lo, hi)
		}
	}
	k.field(t, "Y", base)
	k.Jump(fmt.Sprintf("CBZ %v,", base), "numbers")
	k.Op("ADD %v, %v", done, base)
	for i, s := range sums {
		row(i, 1)
		k.Store(k.Narrow(s), at, 0, 4)
	}
	k.Jump("B", "stored")
	k.Label("numbers")
	k.field(t, "F", base)
	k.Op("ADD %v<<2, %v", done, base)
	for i, s := range sums {
		row(i, 4)
		for j, v := range s {
			k.Store(v, at, 16*j, 4)
		}
	}
	k.Label("stored")
}
