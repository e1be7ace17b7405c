package neon

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/residuum-go/residuum/internal/kernel/_asm/vector"
)

// everyWord returns a function in which each instruction that is encoded here stands once, "word comment" a line.
func everyWord() (lines []string) {
	a := New("test")
	a.Func("f", "()", "", 0)
	v := a.Vecs(20)
	for _, r := range v { // all live throughout, so that operands differ
		a.Clear(r)
	}
	x, y, z := v[13], v[18], v[7]
	for _, f := range []func(n, m Vec) Vec{a.Add, a.Sub, a.Mul, a.Div, a.Max, a.Min, a.And, a.AndNot, a.Or, a.Greater, a.AtLeast,
		a.Equal, a.EqualInts, a.AddInts, a.SubInts} {
		f(x, y)
	}
	for _, f := range []func(n Vec) Vec{a.Sqrt, a.Abs, a.Positive, a.Negative, a.AtMostZero, a.IsZero, a.ToInts, a.FromInts, a.Round, a.Low, a.High,
		a.Sum64, a.Largest} {
		f(y)
	}
	a.AddMul(x, y, z)
	a.SubMul(x, y, z)
	a.Select(x, y, z)
	a.Merge(x, y, z)
	a.MergeUnless(x, y, z)
	a.AddTo64(x, y)
	a.AddMul64(x, y, z)
	for lane := range 4 {
		a.AddMulLane(x, y, z, lane)
		a.AddMulLane(x, z, y, lane)
	}
	for _, bits := range []int{1, 23, 31} {
		a.ShiftLeft(x, bits)
		a.ShiftRight(x, bits)
	}
	a.Transpose(v[:4])
	a.Xor(x, y)
	a.DotLane(x, y, z)
	a.Widen(y)
	a.Narrow(v[4:8])
	for _, r := range v {
		a.Clear(r)
	}
	a.End()
	for _, m := range regexp.MustCompile(`WORD \$0x([0-9a-f]{8}) // (.*)`).FindAllStringSubmatch(a.text.String(), -1) {
		lines = append(lines, m[1]+" "+m[2])
	}
	return lines
}

// TestWordsAreTheInstructionsBehindThem compares with what the GNU assembler (2.40) makes of the comments. To renew
// the file, write the comments to words.s, then
//
//	aarch64-linux-gnu-as words.s -o words.o && aarch64-linux-gnu-objdump -d words.o
func TestWordsAreTheInstructionsBehindThem(t *testing.T) {
	file, err := os.ReadFile("testdata/words.txt")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, l := range strings.Split(strings.TrimSpace(string(file)), "\n") {
		known[l] = true
	}
	lines := everyWord()
	if len(lines) != len(known) {
		t.Errorf("%d words, %d in the file", len(lines), len(known))
	}
	for _, l := range lines {
		if !known[l] {
			t.Errorf("not what the GNU assembler writes: %s", l)
		}
	}
}

// TestRegistersOfALoop: what is carried into a loop keeps its register to the loop's end, what lives within does not.
func TestRegistersOfALoop(t *testing.T) {
	a := New("test")
	a.Func("f", "()", "", 0)
	carried, sum := a.Zero(), a.Zero()
	a.Label("outer")
	a.AddTo(sum, carried) // its last mention
	a.Label("inner")
	var inside []Vec
	for range 60 { // far more than there are registers
		inside = append(inside, a.Zero())
		a.AddTo(sum, inside[len(inside)-1])
	}
	a.Jump("BNE", "inner")
	a.Jump("BNE", "outer")
	last := a.Zero()
	a.AddTo(sum, last)
	regs := a.allocate()
	for _, v := range inside {
		if regs[v] == regs[carried] || regs[v] == regs[sum] {
			t.Fatalf("%d is overwritten in the loop", regs[v])
		}
	}
	if regs[carried] == regs[sum] {
		t.Fatal("two live vectors share a register")
	}
}

// TestCopies: a copy of what ends there is no instruction, one of what goes on to live is.
func TestCopies(t *testing.T) {
	a := New("test")
	a.Func("f", "()", "", 0)
	ends, lives := a.Zero(), a.Zero()
	b := a.Copy(a.Copy(ends))
	c := a.Copy(lives)
	a.AddTo(b, lives)
	a.AddTo(c, b)
	carried := a.Zero()
	a.Label("loop")
	d := a.Copy(carried) // which the next turn copies again
	a.AddTo(d, d)
	a.Jump("BNE", "loop")
	regs := a.allocate()
	if regs[b] != regs[ends] {
		t.Error("a copy of what ends has a register of its own")
	}
	if regs[c] == regs[lives] || regs[d] == regs[carried] {
		t.Error("a copy shares the register of what lives")
	}
	a.End()
	if n := strings.Count(a.text.String(), "VMOV"); n != 2 {
		t.Errorf("%d copies are left, want 2", n)
	}
}

// TestOffsetsOfParameters against Go's rules for the stack: what go vet checks of the committed files.
func TestOffsetsOfParameters(t *testing.T) {
	params, size := place(vector.Func{Params: "dst *row $s %idx $u #n +sum", Result: "float64"})
	want := "dst 0 row 24 s 48 idx 56 u 80 n 88 sum 96 ret 120 of 128"
	var got string
	for _, p := range params {
		got += fmt.Sprint(p.Name, " ", p.offset, " ")
	}
	if got += fmt.Sprint("of ", size); got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
