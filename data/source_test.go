package data_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

// drawn is a source that is not in memory: an image is what is drawn for it, or that of the dataset.
type drawn struct {
	*data.Dataset
	bad int // an image that cannot be read, or -1
}

var errRead = errors.New("bad.png: no picture")

func (d drawn) Read(i int, rng *rand.Rand) ([]uint8, error) {
	if i == d.bad {
		return nil, errRead
	}
	if rng == nil {
		return d.Image(i), nil
	}
	pixels := slices.Clone(d.Image(i))
	for j := range rng.IntN(len(pixels)) + 1 { // no two images draw equally often
		pixels[j] = uint8(rng.Uint32())
	}
	return pixels, nil
}

// What a source draws depends on seed, epoch and sample alone.
func TestSourcesThatDraw(t *testing.T) {
	source := drawn{numbered(18, 4, 4, 3, 3), -1}
	loader := func(workers int, seed uint64) *data.Loader {
		l, err := data.NewLoader(source, data.LoaderConfig{Batch: 4, Shuffle: true, Seed: seed, Workers: workers, Augment: varied.Augment})
		require.NoError(t, err)
		return l
	}
	want := take(t, loader(1, 3), 12)
	require.NotEqual(t, want[:5], want[5:10], "epochs differ")
	require.NotEqual(t, want, take(t, loader(1, 4), 12))
	for _, workers := range []int{2, 5} {
		require.Equal(t, want, take(t, loader(workers, 3), 12), "%d workers", workers)
	}
	for stop := range 11 {
		first, second := loader(2, 3), loader(1, 99)
		take(t, first, stop)
		require.NoError(t, second.SetState(first.State()))
		require.Equal(t, want[stop:], take(t, second, 12-stop), "stopped after %d", stop)
	}
}

func TestBatchesOfAnySource(t *testing.T) {
	set := numbered(23, 3, 5, 2, 7)
	norm := set.Norm()
	want := slices.Collect(set.Batches(norm, 4))
	require.Equal(t, want, slices.Collect(data.Batches(set, norm, 4)))
	require.Equal(t, want, slices.Collect(data.Batches(drawn{set, -1}, norm, 4)))
	require.PanicsWithValue(t, "data: Batches: 0 images in each", func() { data.Batches(drawn{set, -1}, norm, 0) })

	got := slices.Collect(data.Batches(drawn{set, 9}, norm, 4))
	require.Equal(t, want[:2], got[:2])
	require.Equal(t, []data.Batch{{Err: errRead}}, got[2:])
}

// The loader stands before the batch that it could not make, and goes on once the image is there.
func TestLoaderOfAnUnreadableImage(t *testing.T) {
	source := &drawn{numbered(18, 4, 4, 3, 3), -1}
	config := data.LoaderConfig{Batch: 4, Workers: 3}
	loader := func() *data.Loader {
		l, err := data.NewLoader(source, config)
		require.NoError(t, err)
		return l
	}
	want := take(t, loader(), 5)
	l := loader()
	source.bad = 9
	n := 0
	for b := range l.Epoch(context.Background()) {
		if n++; n == 3 {
			require.Equal(t, &data.Batch{Err: errRead}, b)
			continue
		}
		require.NoError(t, b.Err)
	}
	require.Equal(t, 3, n)
	require.Equal(t, 8, l.State().Next)
	source.bad = -1
	require.Equal(t, want[2:], take(t, l, 3))
}
