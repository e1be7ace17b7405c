package neon

import "fmt"

// Instructions with two or three vectors: the word with all register fields 0, and the lanes in which
// the Arm manual writes them.
type encoding struct {
	name, lanes string
	word        uint32
}

var (
	fadd   = encoding{"FADD", "4S", 0x4e20d400}
	fsub   = encoding{"FSUB", "4S", 0x4ea0d400}
	fmul   = encoding{"FMUL", "4S", 0x6e20dc00}
	fdiv   = encoding{"FDIV", "4S", 0x6e20fc00}
	fmla   = encoding{"FMLA", "4S", 0x4e20cc00}
	fmls   = encoding{"FMLS", "4S", 0x4ea0cc00}
	fmax   = encoding{"FMAX", "4S", 0x4e20f400}
	fmin   = encoding{"FMIN", "4S", 0x4ea0f400}
	fcmeq  = encoding{"FCMEQ", "4S", 0x4e20e400}
	fcmge  = encoding{"FCMGE", "4S", 0x6e20e400}
	fcmgt  = encoding{"FCMGT", "4S", 0x6ea0e400}
	addInt = encoding{"ADD", "4S", 0x4ea08400}
	subInt = encoding{"SUB", "4S", 0x6ea08400}
	cmeq   = encoding{"CMEQ", "4S", 0x6ea08c00}
	and    = encoding{"AND", "16B", 0x4e201c00}
	bic    = encoding{"BIC", "16B", 0x4e601c00}
	orr    = encoding{"ORR", "16B", 0x4ea01c00}
	bsl    = encoding{"BSL", "16B", 0x6e601c00}
	bit    = encoding{"BIT", "16B", 0x6ea01c00}
	bif    = encoding{"BIF", "16B", 0x6ee01c00}
	trn1s  = encoding{"TRN1", "4S", 0x4e802800}
	trn2s  = encoding{"TRN2", "4S", 0x4e806800}
	trn1d  = encoding{"TRN1", "2D", 0x4ec02800}
	trn2d  = encoding{"TRN2", "2D", 0x4ec06800}
	fadd2d = encoding{"FADD", "2D", 0x4e60d400}
	fmla2d = encoding{"FMLA", "2D", 0x4e60cc00}

	fsqrt  = encoding{"FSQRT", "4S", 0x6ea1f800}
	fabs   = encoding{"FABS", "4S", 0x4ea0f800}
	frintn = encoding{"FRINTN", "4S", 0x4e218800}
	fcvtns = encoding{"FCVTNS", "4S", 0x4e21a800}
	scvtf  = encoding{"SCVTF", "4S", 0x4e21d800}
)

// three writes d = n op m, or d = d op (n, m) for multiply-adds and selections.
func (a *Asm) three(e encoding, d, n, m Vec) {
	a.word3(e.word, fmt.Sprintf("%s V%%d.%s, V%%d.%s, V%%d.%s", e.name, e.lanes, e.lanes, e.lanes), d, n, m)
}

// two writes d = op n.
func (a *Asm) two(e encoding, d, n Vec) {
	a.word2(e.word, fmt.Sprintf("%s V%%d.%s, V%%d.%s", e.name, e.lanes, e.lanes), d, n)
}

func (a *Asm) word3(word uint32, comment string, d, n, m Vec) {
	a.code = append(a.code, line{vecs: []Vec{d, n, m}, print: func(v []int) string {
		w := word | uint32(v[2])<<16 | uint32(v[1])<<5 | uint32(v[0])
		return fmt.Sprintf("WORD $0x%08x // "+comment, w, v[0], v[1], v[2])
	}})
}

func (a *Asm) word2(word uint32, comment string, d, n Vec) {
	a.code = append(a.code, line{vecs: []Vec{d, n}, print: func(v []int) string {
		return fmt.Sprintf("WORD $0x%08x // "+comment, word|uint32(v[1])<<5|uint32(v[0]), v[0], v[1])
	}})
}

// AddMulLane computes d += n * m[lane], rounded once, with one lane of m for all lanes of n.
func (a *Asm) AddMulLane(d, n, m Vec, lane int) {
	word := uint32(0x4f801000) | uint32(lane&1)<<21 | uint32(lane>>1)<<11
	a.word3(word, fmt.Sprintf("FMLA V%%d.4S, V%%d.4S, V%%d.S[%d]", lane), d, n, m)
}

// Clear sets v to zeros.
func (a *Asm) Clear(v Vec) {
	a.code = append(a.code, line{vecs: []Vec{v}, print: func(v []int) string {
		return fmt.Sprintf("VEOR V%d.B16, V%d.B16, V%d.B16", v[0], v[0], v[0])
	}})
}

// Loads and stores of one, two and four elements; the lanes behind them become 0.
var sizes = map[int]string{1: "FMOVS", 2: "FMOVD", 4: "FMOVQ"}

// Load reads n = 1, 2 or 4 elements that are bytes behind r.
func (a *Asm) Load(v Vec, r GP, bytes, n int) {
	a.VecOp(fmt.Sprintf("%s %s, F%%d", sizes[n], address(r, bytes)), v)
}

// LoadNext reads n = 1, 2 or 4 elements at r, which then moves behind them.
func (a *Asm) LoadNext(v Vec, r GP, n int) {
	a.VecOp(fmt.Sprintf("%s.P %d(%v), F%%d", sizes[n], 4*n, r), v)
}

// LoadPair reads two vectors that are bytes behind r.
func (a *Asm) LoadPair(v, w Vec, r GP, bytes int) {
	a.VecOp(fmt.Sprintf("FLDPQ %s, (F%%d, F%%d)", address(r, bytes)), v, w)
}

// Store writes the first n = 1, 2 or 4 elements.
func (a *Asm) Store(v Vec, r GP, bytes, n int) {
	a.VecOp(fmt.Sprintf("%s F%%d, %s", sizes[n], address(r, bytes)), v)
}

// StoreNext writes the first n = 1, 2 or 4 elements at r, which then moves behind them.
func (a *Asm) StoreNext(v Vec, r GP, n int) {
	a.VecOp(fmt.Sprintf("%s.P F%%d, %d(%v)", sizes[n], 4*n, r), v)
}

// StorePair writes two vectors.
func (a *Asm) StorePair(v, w Vec, r GP, bytes int) {
	a.VecOp(fmt.Sprintf("FSTPQ (F%%d, F%%d), %s", address(r, bytes)), v, w)
}

func address(r GP, bytes int) string {
	if bytes == 0 {
		return fmt.Sprintf("(%v)", r)
	}
	return fmt.Sprintf("%d(%v)", bytes, r)
}

// Transpose transposes the 4 x 4 elements of the vectors v.
func (a *Asm) Transpose(v []Vec) []Vec {
	t, r := a.Vecs(4), a.Vecs(4)
	for i := range 2 { // elements of pairs of rows, then pairs of elements
		a.three(trn1s, t[2*i], v[2*i], v[2*i+1])
		a.three(trn2s, t[2*i+1], v[2*i], v[2*i+1])
	}
	for i := range 2 {
		a.three(trn1d, r[i], t[i], t[2+i])
		a.three(trn2d, r[2+i], t[i], t[2+i])
	}
	return r
}

// LoadLane reads one element, bytes behind r, into a lane of v, and leaves the others. It has no free offset,
// so that r is moved there and back.
func (a *Asm) LoadLane(v Vec, lane int, r GP, bytes int) {
	a.Op("ADD $%d, %v", bytes, r)
	a.VecOp(fmt.Sprintf("VLD1 (%v), V%%d.S[%d]", r, lane), v)
	a.Op("SUB $%d, %v", bytes, r)
}
