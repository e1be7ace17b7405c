// Package vector is what the vectors of a level can do. The loops of packages vec and pool are written once, against
// [Machine]; a back-end prints them for its levels: package simd for AVX2 and AVX-512, package neon for arm64. What
// only one of them has, such as masks, prefetching and streaming stores, stays within it.
//
// The idea is that of Go's math/big/internal/asmgen.
package vector

// Vec is a vector of float32 or of what else a comment says: a register, or a constant that is an operand of an
// instruction. What takes a vector takes either, unless it changes that vector.
type Vec any

// Cond is the outcome of a comparison in every lane.
type Cond any

// Machine writes the instructions of one level, and functions made of them. Methods that return a vector leave
// their operands alone, but for those that say otherwise.
type Machine interface {
	Arithmetic
	Comparisons
	Integers
	Wide

	// Level returns what was written.
	Level() Level
	// Registers returns how many vectors there are registers for.
	Registers() int
	// Exponents returns the instructions for exponents, nil if there are none.
	Exponents() Exponents

	// Elementwise writes a function that executes body for every vector of its slices. Row vectors (*) start again
	// after their length; the slices may end inside one. unroll vectors make a turn of the loop.
	Elementwise(f Func, unroll int, body func(l Loop))
	// Streamed is Elementwise, and where that gains anything a second function, with Stream behind its name,
	// that writes its first slice past the caches, so that its lines need not be read first.
	Streamed(f Func, unroll int, body func(l Loop))
	// Reduce writes a function that executes body for every vector of its slices, between start and finish, and
	// returns the lowest lane of what finish returns.
	Reduce(f Func, unroll int, start func(), body func(l Loop), finish func() Vec)
	// EachRow writes a function(dst, x []float32, rows, c int) that executes row for each of rows rows of c elements.
	EachRow(f Func, row func(pass Pass))
	// RowSums writes a function(sums []float64 ..., slices, row vectors []float32 ..., rows, stride int): for every
	// column of the matrices that start at the slices, whose rows are stride apart, body returns what a few rows
	// add to each of the sums.
	RowSums(f Func, body func(l Rows) []Vec)
	// Windows writes a function of the windows of an image, which has the parameters of [Geometry] behind its own.
	Windows(f Func, p Pooling)
}

// Pass executes body for all vectors of a row, n of them at a time, together or one, to which body turns with
// [Loop.Vector]: a processor finds work that it can do at once only among the next few dozen instructions, so a long
// chain of dependent ones is best written for several vectors side by side.
type Pass func(together int, body func(l Loop, n int))

// Arithmetic is that of float32.
type Arithmetic interface {
	F(v float64) Vec      // v in every lane, a constant
	Bits(u uint32) Vec    // the bits u in every lane, a constant
	Zero() Vec            // a register with zeros
	Copy(a Vec) Vec       // a register with a
	Keep(a Vec) Vec       // a as an operand that is lost: a copy, where operations do lose one
	Register() Vec        // a register without a value yet
	Clear(v Vec)          // v = 0
	Move(into, a Vec)     // into = a
	AddTo(s, a Vec)       // s = s + a
	Add(a, b Vec) Vec     // a + b
	Sub(a, b Vec) Vec     // a - b
	Mul(a, b Vec) Vec     // a * b
	Div(a, b Vec) Vec     // a / b
	Sqrt(a Vec) Vec       // correctly rounded
	Abs(a Vec) Vec        // |a|
	Sign(a Vec) Vec       // the sign bit alone
	Or(a, b Vec) Vec      // of the bits
	Round(a Vec) Vec      // to the nearest integer, ties to even
	ReLU(a Vec) Vec       // 0 where a < 0, else a
	Max(a, b Vec) Vec     // by the rule of IEEE 754-2019: NaN if either is NaN, and +0 is larger than -0
	AtMost(a, c Vec) Vec  // the smaller of a and c, where c is a number: NaN where a is NaN
	AtLeast(a, c Vec) Vec // the larger of a and c, likewise

	// Multiplications and additions that are rounded once.
	MulAdd(a, b, c Vec) Vec    // a*b + c; a is lost
	MulNegAdd(a, b, c Vec) Vec // c - a*b; a is lost
	AddMul(s, a, b Vec) Vec    // s = s + a*b, returned
	SubMul(s, a, b Vec) Vec    // s = s - a*b, returned
}

// Comparisons and what depends on them.
type Comparisons interface {
	Compare(op Comparison, a, b Vec) Cond
	CompareZero(op Comparison, a Vec) Cond
	EqualInts(a, b Vec) Cond         // of int32
	Better(a, b Vec) Cond            // a > b, or a alone is NaN
	Where(c Cond, a Vec) Vec         // a where c, else 0
	Select(c Cond, yes, no Vec) Vec  // yes where c, else no
	Merge(into Vec, c Cond, yes Vec) // into = yes where c
}

// Comparison is an operator.
type Comparison int

// The first three are false for NaN.
const (
	Equal Comparison = iota
	Less
	Greater
	NotGreater     // less, equal or NaN
	NotLessOrEqual // greater or NaN
)

// Integers are operations on int32.
type Integers interface {
	ToInts(a Vec) Vec   // the nearest, ties to even, of float32
	FromInts(a Vec) Vec // as float32
	AddInts(a, b Vec) Vec
	SubInts(a, b Vec) Vec
	ShiftLeft(a Vec, bits int) Vec
	ShiftRight(a Vec, bits int) Vec // of signed numbers
}

// Exponents are instructions on float32 as 2^e * (1+f).
type Exponents interface {
	Scale(a, n Vec) Vec // a * 2^n for integers n, rounded once
	Mantissa(a Vec) Vec // in [3/4, 3/2), NaN below 0, 1 for 0 and +Inf
	Exponent(a Vec) Vec // e, -Inf for 0 and +Inf for +Inf
}

// Wide is what becomes of vectors in float64, or of all their lanes. Halves are accumulated in registers of their own.
type Wide interface {
	AddWide(lo, hi, a Vec)       // adds the halves of a to the float64 in lo and hi
	AddMulWide(lo, hi, a, b Vec) // adds those of a*b
	Sum64(lo, hi []Vec) Vec      // the sum of all float64 in the lowest lane; the vectors are lost

	// MaxTo sets best to the larger of best and a, where a is NaN to NaN or to best, which levels do as is cheapest.
	MaxTo(best, a Vec)
	// Largest returns the largest lane of all in the lowest lane; the vectors are lost.
	Largest(best []Vec) Vec
	// NoNaN begins, NoteNaN continues and OrNaN ends what remembers the NaN that MaxTo forgets. OrNaN returns the lowest
	// lane of v, or NaN if there was one in any a; v is lost.
	NoNaN() (seen Vec)
	NoteNaN(seen, a Vec)
	OrNaN(seen, v Vec) Vec
	// Spread returns a vector with the lowest lane of v in every lane, SpreadSum64 the float64 there as float32.
	Spread(v Vec) Vec
	SpreadSum64(v Vec) Vec
	// NewCount begins a count of lanes, see [Loop.CountAndClear], and Counted returns it in every lane.
	NewCount(n int) Count
	Counted(c Count) Vec
}

// Count is a number of lanes.
type Count any

// Loop is where the body of a function is: at one vector of its slices. The last one may be a part of a vector.
type Loop interface {
	Get(name string) Vec              // the elements of a slice, 0 behind their end
	GetOr(name string, other Vec) Vec // other behind their end
	Operand(name string) Vec          // Get for one use, where an instruction may read memory
	Set(name string, v Vec)           // writes the elements of a slice
	Scalar(name string) Vec           // a scalar parameter in every lane
	Unrolled() int                    // which of the vectors of a turn this is

	Vector(i int) Loop // turns to the i-th of the vectors that are at hand together
	Valid(v Vec) Vec   // v with 0 behind the end of the slices
	// CountAndClear adds to count how many elements of v are c, and sets them to 0.
	CountAndClear(count Count, v Vec, c float64)
	// PrefetchNextRow asks for the elements of dst and x that lie one row behind those at hand.
	PrefetchNextRow()
}

// Rows is where the body of a column reduction is: at one vector of columns in a few neighbouring rows.
type Rows interface {
	Count() int                 // rows at hand, from 0
	Get(name string, r int) Vec // the columns of row r of a slice, once in a body
	Vector(name string) Vec     // the columns of a row vector, once in a body
}
