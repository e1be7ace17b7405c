package data_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

func TestPartsAreTheWholeInOrder(t *testing.T) {
	d := numbered(23, 2, 3, 1, 5)
	for _, size := range []int{1, 4, 7, 23} {
		b := d.Batch(data.Norm{}, 0, size)
		for n := 1; n <= size+2; n++ {
			var x []float32
			var labels, index, sizes []int
			for i := range n {
				p := b.Part(i, n)
				require.Equal(t, p.X.Dim(0), len(p.Labels))
				x, labels, index = append(x, p.X.Data()...), append(labels, p.Labels...), append(index, p.Index...)
				sizes = append(sizes, len(p.Labels))
			}
			require.Equal(t, b.X.Data(), x)
			require.Equal(t, b.Labels, labels)
			require.Equal(t, b.Index, index)
			require.LessOrEqual(t, slices.Max(sizes)-slices.Min(sizes), 1)
			require.True(t, slices.IsSortedFunc(sizes, func(a, b int) int { return b - a }), "%v", sizes)
		}
	}
	b := d.Batch(data.Norm{}, 0, 4)
	require.PanicsWithValue(t, "data: Part: 2 of 2", func() { b.Part(2, 2) })
}

// Parts of batches that several loaders make are those of one that makes all, whatever is done to images.
func TestSharesAreThePartsOfWholeBatches(t *testing.T) {
	d := numbered(43, 6, 8, 2, 3)
	for name, mix := range map[string]data.Mix{"plain": {}, "mixed": {MixUp: 0.3, CutMix: 1}} {
		t.Run(name, func(t *testing.T) {
			c := data.LoaderConfig{Batch: 10, Shuffle: true, Seed: 3, Augment: data.Augment{Pad: 2, Flip: true, Erase: 0.5}, Mix: mix, Workers: 2}
			const parts, ranks, batches = 5, 3, 10
			type key struct{ batch, part int }
			want := map[key]data.Batch{}
			parted(t, newLoader(t, d, c), batches, parts, 0, 1, func(b, p int, part data.Batch) { want[key{b, p}] = part })
			for rank := range ranks {
				l := newLoader(t, d, c)
				l.Share(rank, ranks, parts)
				parted(t, l, batches, parts, rank, ranks, func(b, p int, part data.Batch) {
					w := want[key{b, p}]
					require.Equal(t, w.X.Data(), part.X.Data(), "batch %d, part %d", b, p)
					require.Equal(t, w.Labels, part.Labels)
					require.Equal(t, w.Index, part.Index)
					if mix != (data.Mix{}) {
						require.Equal(t, w.Targets.Data(), part.Targets.Data())
					}
				})
			}
		})
	}
	l := newLoader(t, d, varied)
	require.PanicsWithValue(t, "data: Loader: Share: part 3 and every 3 after it, of 5", func() { l.Share(3, 3, 5) })
	require.Panics(t, func() { l.Share(0, 3, 2) })
}

// parted calls take for copies of the parts first, first+step and so on of so many batches.
func parted(t *testing.T, l *data.Loader, batches, parts, first, step int, take func(b, p int, part data.Batch)) {
	for n := 0; n < batches; {
		for b := range l.Epoch(t.Context()) {
			for p := first; p < parts; p += step {
				part := b.Part(p, parts)
				part.X, part.Labels, part.Index = part.X.Clone(), slices.Clone(part.Labels), slices.Clone(part.Index)
				if part.Targets != nil {
					part.Targets = part.Targets.Clone()
				}
				take(n, p, part)
			}
			if n++; n == batches {
				break
			}
		}
	}
}
