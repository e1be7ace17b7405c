package autograd

import (
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/tensor"
)

// Tape records the ops of one step, owns the memory of their results, and holds what a step needs
// beside its inputs: whether it is for training, and the source of random numbers. It belongs to
// one goroutine at a time.
type Tape struct {
	records   []*Var // every record ever made; the first n are in use
	n         int
	leaves    map[*Param]*Var
	recording bool
	training  bool
	tracing   bool      // frozen parameters are leaves, too
	blank     []float32 // what is not computed when tracing
	source    *rand.PCG
	rand      *rand.Rand
	pool      pool
	stack     []*Var // slices that walks borrow, the innermost walk's last
	flags     []bool // likewise
	sync      syncNorm
}

// NewTape returns an empty tape in training mode whose random numbers follow from seed.
func NewTape(seed uint64) *Tape {
	src := rand.NewPCG(seed, 0x9e3779b97f4a7c15)
	return &Tape{
		leaves:    map[*Param]*Var{},
		recording: true,
		training:  true,
		source:    src,
		rand:      rand.New(src),
	}
}

// Input returns t as a leaf of the tape. [VJP] and [Grad] can differentiate by it.
func (t *Tape) Input(x *tensor.Tensor) *Var {
	v := t.record("Input")
	v.value = x
	v.tracked, v.listed = t.recording, t.tracing
	return v
}

// SetTraining chooses between training mode, in which a tape starts, and evaluation mode.
func (t *Tape) SetTraining(on bool) { t.training = on }

// Training reports whether the tape is in training mode.
func (t *Tape) Training() bool { return t.training }

// Rand returns the source of random numbers for dropout and the like.
func (t *Tape) Rand() *rand.Rand { return t.rand }

// Seed starts the random source anew: what it gives from now on follows from the two numbers alone.
func (t *Tape) Seed(seed, stream uint64) { t.source.Seed(seed, stream) }

// RandState returns the state of the random source, for a checkpoint.
func (t *Tape) RandState() ([]byte, error) { return t.source.MarshalBinary() }

// SetRandState restores what RandState returned. It fails if the bytes are not such a state.
func (t *Tape) SetRandState(state []byte) error { return t.source.UnmarshalBinary(state) }

// Reset forgets the step: every variable on the tape becomes invalid and its memory is recycled.
// Parameters keep their values and gradients.
func (t *Tape) Reset() {
	for _, v := range t.records[:t.n] {
		t.release(v)
		v.value = nil
	}
	t.n = 0
	clear(t.leaves)
	t.recording = true
}

// Poison makes the tape fill recycled memory with NaN, so that a test notices whoever still reads it.
func (t *Tape) Poison() { t.pool.poison = true }

// record returns a cleared record at the end of the tape. Records are reused: record i of one step
// is record i of the next, with the slices and parameters it has already allocated.
func (t *Tape) record(op string) *Var {
	if t.n == len(t.records) {
		t.records = append(t.records, &Var{tape: t, index: t.n})
	}
	v := t.records[t.n]
	t.n++
	clear(v.in) // drop references of the step before
	*v = Var{tape: t, op: op, index: v.index, in: v.in[:0], attr: v.attr, saved: v.saved[:0]}
	return v
}

// swap exchanges two records that nothing depends on.
func (t *Tape) swap(i, j int) {
	a, b := t.records[i], t.records[j]
	t.records[i], t.records[j] = b, a
	a.index, b.index = j, i
}

// release gives the memory of v back to the pool, once no other record shares it.
func (t *Tape) release(v *Var) {
	if v.store != nil {
		t.pool.put(v.store)
		v.store = nil
	}
	for i, s := range v.saved {
		t.pool.put(s)
		v.saved[i] = nil
	}
	v.saved = v.saved[:0]
}

// borrow returns n zero elements at the end of a stack, for a walk that gives them back before the
// walk around it does. Slices borrowed earlier stay valid when the stack moves.
func borrow[T any](stack *[]T, n int) []T {
	k := len(*stack)
	*stack = slices.Grow(*stack, n)[:k+n]
	s := (*stack)[k : k+n : k+n]
	clear(s)
	return s
}

func giveBack[T any](stack *[]T, s []T) {
	clear(s) // keep nothing alive
	*stack = (*stack)[:len(*stack)-len(s)]
}
