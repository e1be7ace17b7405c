package neon

import "fmt"

// Operations return a new vector, but for those that say that they overwrite one.

func (a *Asm) op2(e encoding, n Vec) Vec {
	d := a.Vec()
	a.two(e, d, n)
	return d
}

func (a *Asm) op3(e encoding, n, m Vec) Vec {
	d := a.Vec()
	a.three(e, d, n, m)
	return d
}

// Arithmetic.
func (a *Asm) Add(n, m Vec) Vec { return a.op3(fadd, n, m) }
func (a *Asm) Sub(n, m Vec) Vec { return a.op3(fsub, n, m) }
func (a *Asm) Mul(n, m Vec) Vec { return a.op3(fmul, n, m) }
func (a *Asm) Div(n, m Vec) Vec { return a.op3(fdiv, n, m) }
func (a *Asm) Sqrt(n Vec) Vec   { return a.op2(fsqrt, n) }
func (a *Asm) Abs(n Vec) Vec    { return a.op2(fabs, n) }

// AddMul sets s to s + n*m, rounded once, and returns s.
func (a *Asm) AddMul(s, n, m Vec) Vec {
	a.three(fmla, s, n, m)
	return s
}

// SubMul sets s to s - n*m, rounded once, and returns s.
func (a *Asm) SubMul(s, n, m Vec) Vec {
	a.three(fmls, s, n, m)
	return s
}

// AddTo sets d to d + n.
func (a *Asm) AddTo(d, n Vec) { a.three(fadd, d, d, n) }

// Max and Min return NaN where either is NaN; of two zeros, the maximum is +0 and the minimum -0.
func (a *Asm) Max(n, m Vec) Vec { return a.op3(fmax, n, m) }
func (a *Asm) Min(n, m Vec) Vec { return a.op3(fmin, n, m) }

// MaxTo sets d to [Asm.Max] of d and n.
func (a *Asm) MaxTo(d, n Vec) { a.three(fmax, d, d, n) }

// MinTo sets d to the smaller of d and n.
func (a *Asm) MinTo(d, n Vec) { a.three(fmin, d, d, n) }

// Bitwise operations. AndNot is n & ^m.
func (a *Asm) And(n, m Vec) Vec    { return a.op3(and, n, m) }
func (a *Asm) AndNot(n, m Vec) Vec { return a.op3(bic, n, m) }
func (a *Asm) Or(n, m Vec) Vec     { return a.op3(orr, n, m) }

// Comparisons set all bits of a lane or none; they are false for NaN.
func (a *Asm) Greater(n, m Vec) Vec       { return a.op3(fcmgt, n, m) }
func (a *Asm) AtLeast(n, m Vec) Vec       { return a.op3(fcmge, n, m) }
func (a *Asm) Equal(n, m Vec) Vec         { return a.op3(fcmeq, n, m) }
func (a *Asm) EqualInts(n, m Vec) Vec     { return a.op3(cmeq, n, m) }
func (a *Asm) Positive(n Vec) Vec         { return a.zero("FCMGT", 0x4ea0c800, n) }
func (a *Asm) Negative(n Vec) Vec         { return a.zero("FCMLT", 0x4ea0e800, n) }
func (a *Asm) AtMostZero(n Vec) Vec       { return a.zero("FCMLE", 0x6ea0d800, n) }
func (a *Asm) IsZero(n Vec) Vec           { return a.zero("FCMEQ", 0x4ea0d800, n) }
func (a *Asm) Select(c, yes, no Vec) Vec  { a.three(bsl, c, yes, no); return c } // overwrites c
func (a *Asm) Merge(into, c, yes Vec)     { a.three(bit, into, yes, c) }         // into = yes where c
func (a *Asm) MergeUnless(into, c, v Vec) { a.three(bif, into, v, c) }           // into = v where not c

// ClearWhere sets v to 0 where all bits of m are set.
func (a *Asm) ClearWhere(v, m Vec) { a.three(bic, v, v, m) }

func (a *Asm) zero(name string, word uint32, n Vec) Vec {
	d := a.Vec()
	a.word2(word, name+" V%d.4S, V%d.4S, #0.0", d, n)
	return d
}

// Integers.
func (a *Asm) AddInts(n, m Vec) Vec { return a.op3(addInt, n, m) }
func (a *Asm) SubInts(n, m Vec) Vec { return a.op3(subInt, n, m) }
func (a *Asm) AddIntsTo(d, n Vec)   { a.three(addInt, d, d, n) }
func (a *Asm) ToInts(n Vec) Vec     { return a.op2(fcvtns, n) } // the nearest, ties to even
func (a *Asm) FromInts(n Vec) Vec   { return a.op2(scvtf, n) }
func (a *Asm) Round(n Vec) Vec      { return a.op2(frintn, n) } // the nearest, ties to even

// ShiftRight shifts signed integers, ShiftLeft fills with zeros.
func (a *Asm) ShiftRight(n Vec, bits int) Vec {
	d := a.Vec()
	a.word2(0x4f000400|uint32(64-bits)<<16, fmt.Sprintf("SSHR V%%d.4S, V%%d.4S, #%d", bits), d, n)
	return d
}

func (a *Asm) ShiftLeft(n Vec, bits int) Vec {
	d := a.Vec()
	a.word2(0x4f005400|uint32(32+bits)<<16, fmt.Sprintf("SHL V%%d.4S, V%%d.4S, #%d", bits), d, n)
	return d
}

// Copy returns a copy of n, Move copies it into d.
func (a *Asm) Copy(n Vec) Vec {
	d := a.Vec()
	a.Move(d, n)
	return d
}

func (a *Asm) Move(d, n Vec) {
	a.VecOp("VMOV V%d.B16, V%d.B16", n, d)
	a.code[len(a.code)-1].move = true
}

// Zero returns zeros.
func (a *Asm) Zero() Vec {
	d := a.Vec()
	a.Clear(d)
	return d
}

// Spread returns a vector with the first element of n in every lane.
func (a *Asm) Spread(n Vec) Vec {
	d := a.Vec()
	a.VecOp("VDUP V%d.S[0], V%d.S4", n, d)
	return d
}

// SpreadInt returns a vector with the integer in a general register in every lane.
func (a *Asm) SpreadInt(r GP) Vec {
	d := a.Vec()
	a.VecOp(fmt.Sprintf("VDUP %v, V%%d.S4", r), d)
	return d
}

// First returns n's first element, and 0 in the other lanes.
func (a *Asm) First(n Vec) Vec {
	d := a.Vec()
	a.VecOp("FMOVS F%d, F%d", n, d)
	return d
}

// Low and High return two elements of n as float64.
func (a *Asm) Low(n Vec) Vec {
	d := a.Vec()
	a.word2(0x0e617800, "FCVTL V%d.2D, V%d.2S", d, n)
	return d
}

func (a *Asm) High(n Vec) Vec {
	d := a.Vec()
	a.word2(0x4e617800, "FCVTL2 V%d.2D, V%d.4S", d, n)
	return d
}

// AddTo64 sets d to d + n, AddMul64 to d + n*m, in two float64.
func (a *Asm) AddTo64(d, n Vec)     { a.three(fadd2d, d, d, n) }
func (a *Asm) AddMul64(d, n, m Vec) { a.three(fmla2d, d, n, m) }

// Sum64 returns the sum of the two float64 of n.
func (a *Asm) Sum64(n Vec) Vec {
	d := a.Vec()
	a.word2(0x7e70d800, "FADDP D%d, V%d.2D", d, n)
	return d
}

// Largest returns the largest element of n, NaN if there is one, in the first lane.
func (a *Asm) Largest(n Vec) Vec {
	d := a.Vec()
	a.word2(0x6e30f800, "FMAXV S%d, V%d.4S", d, n)
	return d
}
