package descend

import (
	"fmt"
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

// tree returns a tree that is as deep as it may be on one way, of random cuts, special values among them, for columns that
// begin width apart.
func tree(rng *rand.Rand, depth, columns, width int) []Node {
	special := kerneltest.Specials()
	nodes := []Node{{}}
	for at, level := 0, 1; at < len(nodes); at++ {
		if at == level {
			depth, level = depth-1, len(nodes)
		}
		n := &nodes[at]
		n.Value = float32(rng.NormFloat64())
		if depth == 0 || at > 0 && at < level-1 && rng.IntN(4) == 0 {
			continue
		}
		n.Column, n.Cut = int32(rng.IntN(columns)*width), float32(rng.NormFloat64())
		if cut := special[rng.IntN(len(special))]; at%4 == 0 && cut == cut {
			n.Cut = cut
		}
		n.Less, n.More = int32(len(nodes)), int32(len(nodes)+1)
		if rng.IntN(2) == 0 {
			n.Less, n.More = n.More, n.Less
		}
		nodes = append(nodes, Node{}, Node{})
	}
	return nodes
}

// guard copies what the loops read to where memory behind it faults.
func (f *Forest) guard(t testing.TB) {
	splits, first := guarded[split](t, len(f.splits)), guarded[int32](t, max(1, len(f.first)))
	copy(splits, f.splits)
	f.splits = splits
	if f.first != nil {
		copy(first, f.first)
		f.first = first[:len(f.first)]
		tops := guarded[split](t, len(f.tops))
		copy(tops, f.tops)
		f.tops = tops
	}
	if f.row.cuts != nil {
		columns, cuts := guarded[uint8](t, len(f.row.columns)), guarded[float32](t, len(f.row.cuts))
		copy(columns, f.row.columns)
		copy(cuts, f.row.cuts)
		f.row.columns, f.row.cuts = columns, cuts
	}
}

func TestRowsAndTreesGoWhereTheyShould(t *testing.T) {
	kerneltest.EachLevel(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		special := kerneltest.Specials()
		for _, trees := range []int{0, 1, 7, 8, 9, 16, 27} {
			for depth := range deepest + 3 {
				rows := 1 + rng.IntN(30)
				columns := []int{7, 32, 33, 64, 65}[rng.IntN(5)]
				var all [][]Node
				for i := range trees {
					all = append(all, tree(rng, max(0, depth-i%3), columns, rows))
				}
				f := New(all, rows)
				require.Equal(t, trees > 0 && depth > deepest, f.first != nil)
				if len(f.splits) > 0 {
					f.guard(t)
				}
				x := kerneltest.Guarded(t, columns*rows)
				for i := range x {
					x[i] = float32(rng.NormFloat64())
					if i%3 == 0 {
						x[i] = special[rng.IntN(len(special))]
					}
				}
				value := func(nodes []Node, row int) float32 { // by the definition, in words of its own
					n := nodes[0]
					for n.Less != n.More {
						if v := x[int(n.Column)+row]; v > n.Cut || v == n.Cut {
							n = nodes[n.More]
						} else {
							n = nodes[n.Less]
						}
					}
					return n.Value
				}
				found := guarded[int32](t, f.Trees()+1)[:f.Trees()]
				f.Row(found, x)
				require.Zero(t, len(found)%Lanes)
				at := guarded[int32](t, rows)
				for i, nodes := range all {
					require.Equal(t, value(nodes, 0), f.Values[found[i]])
					f.Rows(at, x, i)
					for row := range at {
						require.Equal(t, value(nodes, row), f.Values[at[row]], "row %d of %d, depth %d", row, rows, depth)
					}
				}
				for _, number := range found[trees:] {
					require.Zero(t, f.Values[number])
				}
			}
		}
	})
}

func TestAVX2UsesItsRegistersOnly(t *testing.T) {
	kerneltest.AVX2UsesItsRegistersOnly(t, "asm_amd64.s")
}

// 100 complete trees of random cuts, of a depth that is made complete and of one that is not.
func BenchmarkDown(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	const trees, columns, width = 100, 30, 64
	for _, depth := range []int{6, deepest + 1} {
		var all [][]Node
		for range trees {
			nodes := make([]Node, 2<<depth-1)
			for i := range 1<<depth - 1 {
				nodes[i] = Node{int32(rng.IntN(columns) * width), float32(rng.NormFloat64()), int32(2*i + 1), int32(2*i + 2), 0}
			}
			all = append(all, nodes)
		}
		f := New(all, width)
		x := make([]float32, columns*width)
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		at := make([]int32, max(width, f.Trees()))
		b.Run(fmt.Sprintf("depth=%d/row", depth), func(b *testing.B) {
			for b.Loop() {
				f.Row(at[:f.Trees()], x)
			}
		})
		b.Run(fmt.Sprintf("depth=%d/rows=%d", depth, width), func(b *testing.B) {
			for b.Loop() {
				for t := range trees {
					f.Rows(at[:width], x, t)
				}
			}
		})
	}
}
