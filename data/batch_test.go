package data_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

func TestBatchScalesToOneWithoutNorm(t *testing.T) {
	d := numbered(3, 1, 2, 1, 2)
	d.Pixels[4] = 255
	b := d.Batch(data.Norm{}, 1, 3)
	require.Equal(t, []int{2, 1, 2, 1}, b.X.Shape())
	require.Equal(t, []float32{1. / 255, 2. / 255, 1, 3. / 255}, b.X.Data())
	require.Equal(t, d.Labels[1:], b.Labels)
	require.Equal(t, []int{1, 2}, b.Index)
	require.Empty(t, d.Batch(data.Norm{}, 3, 3).Labels)
	require.PanicsWithValue(t, "data: Batch: [1, 4) of 3 images", func() { d.Batch(data.Norm{}, 1, 4) })
	require.PanicsWithValue(t, "data: Norm: 2 means, 2 deviations for 1 channels", func() {
		d.Batch(data.Norm{Mean: make([]float32, 2), Std: make([]float32, 2)}, 0, 3)
	})
}

func TestBatchesAreTheDatasetInItsOrder(t *testing.T) {
	d := numbered(23, 2, 3, 2, 7)
	for _, size := range []int{1, 4, 23, 100} {
		var index, labels []int
		var pixels []float32
		all := slices.Collect(d.Batches(d.Norm(), size)) // each keeps its memory
		require.Len(t, all, (23+size-1)/size)
		for _, b := range all {
			require.Equal(t, len(b.Labels), b.X.Dim(0))
			require.LessOrEqual(t, len(b.Labels), size)
			index, labels, pixels = append(index, b.Index...), append(labels, b.Labels...), append(pixels, b.X.Data()...)
		}
		whole := d.Batch(d.Norm(), 0, 23)
		require.Equal(t, whole, data.Batch{X: whole.X, Labels: labels, Index: index})
		require.Equal(t, whole.X.Data(), pixels)
	}
	for range d.Batches(data.Norm{}, 4) {
		break
	}
	require.PanicsWithValue(t, "data: Batches: 0 images in each", func() { d.Batches(data.Norm{}, 0) })
}
