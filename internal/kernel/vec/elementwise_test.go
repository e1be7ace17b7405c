package vec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/cpu"
	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// op is an elementwise function for the tests. Its results are exact, or ulps from the float64
// reference, or, where the level may fuse a product, within two roundings of its terms.
type op struct {
	name   string
	inputs int
	run    func(dst []float32, in [][]float32)
	ref32  func(dst []float32, in [][]float32) // of exact ones
	ref64  func(dst []float64, in [][]float64) // of the others
	ulps   float64
	fused  bool
}

const testScalar = -1.25

func exact2(name string, f func(dst, a, b []float32), ref func(dst, a, b []float32)) op {
	return op{name: name, inputs: 2,
		run:   func(dst []float32, in [][]float32) { f(dst, in[0], in[1]) },
		ref32: func(dst []float32, in [][]float32) { ref(dst, in[0], in[1]) },
	}
}

func exact1(name string, f, ref func(dst, a []float32)) op {
	return op{name: name, inputs: 1,
		run:   func(dst []float32, in [][]float32) { f(dst, in[0]) },
		ref32: func(dst []float32, in [][]float32) { ref(dst, in[0]) },
	}
}

func within(ulps float64, name string, f func(dst, a []float32), ref func(dst, a []float64)) op {
	return op{name: name, inputs: 1, ulps: ulps,
		run:   func(dst []float32, in [][]float32) { f(dst, in[0]) },
		ref64: func(dst []float64, in [][]float64) { ref(dst, in[0]) },
	}
}

// ops are those of the generated rows, exact ones and functions with the largest errors in ulps, and the others.
var ops = slices.Concat(exactFunctions, functions, []op{
	exact1("AddScalar", func(dst, a []float32) { AddScalar(dst, a, testScalar) },
		func(dst, a []float32) { AddScalarRef(dst, a, testScalar) }),
	exact1("Scale", func(dst, a []float32) { Scale(dst, a, testScalar) },
		func(dst, a []float32) { ScaleRef(dst, a, testScalar) }),
	exact1("Fill", func(dst, _ []float32) { Fill(dst, testScalar) },
		func(dst, _ []float32) { FillRef(dst, testScalar) }),
	{
		name: "AddScaled", inputs: 2, fused: true,
		run:   func(dst []float32, in [][]float32) { AddScaled(dst, in[0], testScalar, in[1]) },
		ref64: func(dst []float64, in [][]float64) { AddScaledRef(dst, in[0], testScalar, in[1]) },
	},
})

func (o op) check(t *testing.T, got []float32, in [][]float32) {
	t.Helper()
	if o.ref32 != nil {
		want := make([]float32, len(got))
		o.ref32(want, in)
		for i, g := range got {
			if !kerneltest.SameFloat(g, want[i]) {
				t.Fatalf("%s: length %d, element %d: %v, want %v", o.name, len(got), i, g, want[i])
			}
		}
		return
	}
	want, wide := make([]float64, len(got)), make([][]float64, len(in))
	for k, s := range in {
		wide[k] = float64s(s)
	}
	o.ref64(want, wide)
	for i, g := range got {
		bound := o.ulps
		if o.fused {
			if math.Abs(testScalar*wide[1][i]) > math.MaxFloat32 {
				continue // the product alone is infinite, unless it is fused
			}
			bound = 1 + 2*(math.Abs(wide[0][i])+math.Abs(testScalar*wide[1][i]))/(math.Abs(want[i])+math.SmallestNonzeroFloat32)
		}
		if u := kerneltest.ULPs(g, want[i]); !(u <= bound) && !(math.IsNaN(bound) && u == 0) {
			t.Fatalf("%s: length %d, element %d: %v, want %v: %.2f ulps", o.name, len(got), i, g, want[i], u)
		}
	}
}

func float64s(s []float32) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		d[i] = float64(v)
	}
	return d
}

// fillRandom mixes numbers of every size with a few of the special values.
func fillRandom(r *rand.Rand, s []float32) {
	specials := kerneltest.Specials()
	for i := range s {
		switch r.IntN(12) {
		case 0:
			s[i] = specials[r.IntN(len(specials))]
		case 1:
			s[i] = math.Float32frombits(r.Uint32())
		default:
			s[i] = 2 * float32(r.NormFloat64())
		}
	}
}

func normal(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

const longest = 200

// ends are the two ways to cut slices of n elements from guarded memory.
func ends(t *testing.T, slices int) map[string]func(k, n int) []float32 {
	end, start := make([][]float32, slices), make([][]float32, slices)
	for k := range slices {
		end[k], start[k] = kerneltest.Guarded(t, longest), kerneltest.GuardedStart(t, longest)
	}
	return map[string]func(k, n int) []float32{
		"end":   func(k, n int) []float32 { return end[k][longest-n:] },
		"start": func(k, n int) []float32 { return start[k][:n] },
	}
}

// eachVariant also runs f with the kernels that write past the caches in place of the usual ones,
// which saves the tests from results large enough for them.
func eachVariant(t *testing.T, f func(t *testing.T)) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		t.Run("cached", f)
		l := &table[cpu.Active()]
		kept := l.cached
		defer func() { l.cached = kept }()
		l.cached = l.streamed
		t.Run("streamed", f)
	})
}

func TestKernelsForLargeResults(t *testing.T) {
	a, b := make([]float32, streamLen), make([]float32, streamLen)
	kerneltest.EachLevel(t, func(t *testing.T) {
		l := &table[cpu.Active()]
		require.Same(t, &l.cached, kernelsFor(a[1:], b[1:]))
		require.Same(t, &l.cached, kernelsFor(a, b, a))
		require.Same(t, &l.streamed, kernelsFor(a, b))
		require.Same(t, &l.streamed, kernelsFor(a))
	})
}

func TestElementwiseAllLengths(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for at, slice := range ends(t, 3) {
			for _, o := range ops {
				t.Run(fmt.Sprintf("op=%s/at=%s", o.name, at), func(t *testing.T) {
					r := random(1)
					for n := range longest + 1 {
						in := make([][]float32, o.inputs)
						for k := range in {
							in[k] = slice(k, n)
							fillRandom(r, in[k])
						}
						dst := slice(2, n)
						o.run(dst, in)
						o.check(t, dst, in)
					}
				})
			}
		}
	})
}

func TestElementwiseInPlace(t *testing.T) {
	eachVariant(t, func(t *testing.T) {
		for _, o := range ops {
			for _, n := range []int{3, 67, 40000} {
				for k := range o.inputs {
					r := random(2)
					in, kept := make([][]float32, o.inputs), make([][]float32, o.inputs)
					for j := range in {
						in[j] = make([]float32, n)
						fillRandom(r, in[j])
						kept[j] = append([]float32(nil), in[j]...)
					}
					o.run(in[k], in)
					o.check(t, in[k], kept)
				}
			}
		}
	})
}

func TestElementwiseLarge(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		for _, o := range ops {
			r := random(3)
			in := make([][]float32, o.inputs)
			for j := range in {
				in[j] = make([]float32, 3*grain+17)
				fillRandom(r, in[j])
			}
			var dst []float32
			kerneltest.SameBitsForWorkers(t, func() []float32 {
				dst = make([]float32, len(in[0]))
				o.run(dst, in)
				return dst
			})
			o.check(t, dst, in)
		}
	})
}

// TestFunctionErrors tries every stride-th float32. With stride 1 it takes minutes, and gave the
// bounds of the table above.
func TestFunctionErrors(t *testing.T) {
	const stride, piece = 20011, 4096
	for _, level := range cpu.Available() {
		for _, o := range functions {
			t.Run(fmt.Sprintf("op=%s/level=%v", o.name, level), func(t *testing.T) {
				defer cpu.Set(level)()
				x, got := make([]float32, piece), make([]float32, piece)
				want := make([]float64, piece)
				worst, at := 0.0, float32(0)
				for bits := uint64(0); bits < 1<<32; {
					for i := range x {
						x[i] = math.Float32frombits(uint32(bits))
						bits += stride
					}
					o.run(got, [][]float32{x})
					o.ref64(want, [][]float64{float64s(x)})
					for i, g := range got {
						if u := kerneltest.ULPs(g, want[i]); u > worst {
							worst, at = u, x[i]
						}
					}
				}
				t.Logf("at most %.3f ulps, at %v", worst, at)
				require.LessOrEqual(t, worst, o.ulps, "at %v", at)
			})
		}
	}
}

func TestSpecialValues(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		s := kerneltest.Specials()
		for _, o := range ops {
			in := make([][]float32, o.inputs)
			for i, v := range s { // every special value against every other
				in[0] = append(in[0], s...)
				if o.inputs == 2 {
					for range s {
						in[1] = append(in[1], s[i])
					}
				}
				_ = v
			}
			dst := make([]float32, len(in[0]))
			o.run(dst, in)
			o.check(t, dst, in)
		}
	})
}

func TestLengthsThatDiffer(t *testing.T) {
	a, b := make([]float32, 3), make([]float32, 4)
	for name, f := range map[string]func(){
		"Add":       func() { Add(a, a, b) },
		"Exp":       func() { Exp(b, a) },
		"AddScaled": func() { AddScaled(a, b, 1, a) },
		"Scale":     func() { Scale(a, b, 1) },
		"Dot":       func() { Dot(a, b) },
		"SGDStep":   func() { SGDStep(a, a, b, 1, 1, 1, false) },
		"AdamStep":  func() { AdamStep(a, a, a, b, 1, 0.9, 0.9, 1, 0, false, 1) },
		"AddRow":    func() { AddRow(b, b, a) },
		"SumRows":   func() { SumRows(a, b, 3, 1) },
		"Stats":     func() { BatchNormStats(Norm{Mean: b, MeanLow: b, InvStd: a}, b, b, 1) },
		"MaxOf":     func() { MaxOf(nil) },
		"MaxIndex":  func() { MaxIndex(nil) },
	} {
		require.Panics(t, f, name)
	}
	require.PanicsWithValue(t, "vec: Add: lengths 3, 3 and 4 differ", func() { Add(a, a, b) })
}
