// Command descend writes the arm64 assembly of package descend, as the command of the same name writes it for amd64.
package main

import (
	"flag"

	"github.com/residuum-go/residuum/internal/kernel/_asm/neon"
)

// lanes is how many rows or trees go down side by side: what one waits for, the others use.
const lanes = 8

func main() {
	out := flag.String("out", "", "assembly")
	declarations := flag.String("declarations", "", "of the functions, in Go")
	flag.Parse()
	a := neon.New("descend")
	for _, complete := range []bool{false, true} {
		down(a, complete, "Rows", 4)
		down(a, complete, "Trees", 0)
	}
	a.Write(*out, *declarations, "go run ./neon/descend")
}

// down makes a step of a comparison and an addition of what it finds: a value that is less, or NaN, is LT. The elements of
// neighbouring lanes lie so many bytes apart.
func down(a *neon.Asm, complete bool, suffix string, apart int) {
	name, second := "list"+suffix, "first *int32"
	if complete {
		name, second = "complete"+suffix, "trees int"
	}
	a.Func(name+"ByLanes", "(splits *int32, "+second+", at *int32, n int, x *float32, depth int)",
		"is "+name+"Ref for n > 0, a multiple of 8, and depth > 0.", 48)
	at, n, x := a.GP(), a.GP(), a.GP()
	a.Op("MOVD at+16(FP), %v", at)
	a.Op("MOVD n+24(FP), %v", n)
	a.Op("MOVD x+32(FP), %v", x)
	left, splits, first, split, column := a.GP(), a.GP(), a.GP(), a.GP(), a.GP()
	var node [lanes]neon.GP
	a.Label("lanes")
	for i := range node {
		node[i] = a.GP()
		a.Op("MOVW %d(%v), %v", 4*i, at, node[i])
	}
	a.Op("MOVD splits+0(FP), %v", splits)
	if complete { // first is the number of bytes of a level
		a.Op("MOVD trees+8(FP), %v", first)
		a.Op("LSL $3, %v", first)
	} else {
		a.Op("MOVD first+8(FP), %v", first)
	}
	a.Op("MOVD depth+40(FP), %v", left)
	a.Label("level")
	for i, r := range node {
		v, cut := a.Vec(), a.Vec()
		a.Op("ADD %v<<3, %v, %v", r, splits, split)
		a.Op("MOVW (%v), %v", split, column)
		a.Load(cut, split, 4, 1)
		a.Op("ADD %v<<2, %v, %v", column, x, column)
		a.Load(v, column, apart*i, 1)
		a.VecOp("FCMPS F%d, F%d", cut, v)
		if complete {
			a.Op("CSET LT, %v", column)
			a.Op("ADD %v<<1, %v, %v", r, column, r)
			continue
		}
		a.Op("CSET GE, %v", column)
		a.Op("MOVW (%v)(%v<<2), %v", first, r, r)
		a.Op("ADD %v, %v", column, r)
	}
	if complete {
		a.Op("ADD %v, %v", first, splits)
		a.Op("LSL $1, %v", first)
	}
	a.Op("SUBS $1, %v", left)
	a.Jump("BNE", "level")
	for i, r := range node {
		a.Op("MOVW %v, %d(%v)", r, 4*i, at)
	}
	a.Op("ADD $%d, %v", 4*lanes, at)
	a.Op("ADD $%d, %v", apart*lanes, x)
	a.Op("SUBS $%d, %v", lanes, n)
	a.Jump("BNE", "lanes")
	a.Op("RET")
	a.End()
}
