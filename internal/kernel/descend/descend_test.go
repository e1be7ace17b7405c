package descend

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/internal/kernel/kerneltest"
)

// guarded returns n values of four or eight bytes behind which memory faults.
func guarded[T any](t testing.TB, n int) []T {
	var v T
	return unsafe.Slice((*T)(unsafe.Pointer(&kerneltest.Guarded(t, n*int(unsafe.Sizeof(v))/4)[0])), n)
}

// tree returns a complete tree of random cuts, special values among them, for columns that begin width apart.
func tree(t testing.TB, rng *rand.Rand, depth, columns, width int) Forest {
	inner := 1<<depth - 1
	f := Forest{guarded[Node](t, 2*inner+1), guarded[int32](t, 2*inner+1)}
	special := kerneltest.Specials()
	for i := range f.Nodes {
		f.Nodes[i], f.First[i] = Node{int32(rng.IntN(columns) * width), float32(rng.NormFloat64())}, int32(2*i+1)
		if i%4 == 0 {
			f.Nodes[i].Cut = special[i/4%len(special)]
		}
		if i >= inner || f.Nodes[i].Cut != f.Nodes[i].Cut {
			f.Nodes[i], f.First[i] = Node{0, float32(math.NaN())}, int32(i)
		}
	}
	return f
}

func TestRowsAndTreesGoWhereTheyShould(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		special := kerneltest.Specials()
		for _, n := range []int{0, 1, 7, 8, 9, 15, 16, 27, 64} {
			for depth := range 8 {
				width := max(1, n)
				f := tree(t, rng, depth, 7, width)
				x := kerneltest.Guarded(t, 7*width)
				for i := range x {
					x[i] = float32(rng.NormFloat64())
					if i%3 == 0 {
						x[i] = special[rng.IntN(len(special))]
					}
				}
				for name, next := range map[string]int{"rows": 1, "trees": 0} {
					at := guarded[int32](t, width)[:n]
					want := make([]int32, n)
					for i := range at {
						if at[i] = 0; name == "trees" { // any node may be the root of a tree
							at[i] = int32(rng.IntN(len(f.Nodes)))
						}
						want[i] = at[i]
						for range depth { // by the definition, in words of its own
							if s := f.Nodes[want[i]]; s.Cut == s.Cut {
								v := x[int(s.Column)+next*i]
								want[i] = f.First[want[i]]
								if v > s.Cut || v == s.Cut {
									want[i]++
								}
							}
						}
					}
					if name == "rows" {
						f.Rows(at, x, depth)
					} else {
						f.Trees(at, x, depth)
					}
					require.Equal(t, want, at, "%s: %d, depth %d", name, n, depth)
				}
			}
		}
	})
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

// 100 trees of depth 6, of which each step is one of a row and a level.
func BenchmarkDown(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const depth, trees, columns, width = 6, 100, 30, 64
	var f Forest
	roots := make([]int32, trees)
	for i := range trees {
		roots[i] = int32(len(f.Nodes))
		t := tree(b, rng, depth, columns, width)
		for j, n := range t.Nodes {
			if j < 1<<depth-1 {
				n.Cut, t.First[j] = float32(rng.NormFloat64()), int32(2*j+1)
			}
			f.Nodes, f.First = append(f.Nodes, n), append(f.First, roots[i]+t.First[j])
		}
	}
	x := make([]float32, columns*width)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for _, name := range []string{"rows", "trees"} {
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			at := make([]int32, max(width, trees))
			for b.Loop() {
				if name == "trees" {
					copy(at, roots)
					f.Trees(at[:trees], x, depth)
					continue
				}
				for _, root := range roots {
					for i := range width {
						at[i] = root
					}
					f.Rows(at[:width], x, depth)
				}
			}
			rows := 1
			if name == "rows" {
				rows = width
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
		})
	}
}
