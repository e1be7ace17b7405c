package fashion_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
)

func TestEmbeddedIsBalanced(t *testing.T) {
	s := fashion.Embedded()
	for _, part := range []struct {
		set      *data.Dataset
		perClass int
	}{{s.Train, 1000}, {s.Test, 200}} {
		require.Equal(t, []int{28, 28, 1, 10}, []int{part.set.Height, part.set.Width, part.set.Channels, part.set.Classes})
		var count [10]int
		for _, l := range part.set.Labels {
			count[l]++
		}
		for _, n := range count {
			require.Equal(t, part.perClass, n)
		}
	}
}

// The images that every published figure of this project rests on do not change unnoticed.
func TestEmbeddedIsThePublishedSubset(t *testing.T) {
	s := fashion.Embedded()
	h := sha256.New()
	for _, d := range []*data.Dataset{s.Train, s.Test} {
		h.Write(d.Pixels)
		for _, l := range d.Labels {
			h.Write([]byte{byte(l)})
		}
	}
	require.Equal(t, "16b917385274f1418eb565a4159ad83f2104bda1a69e6e366d1ccb405b28f33c", hex.EncodeToString(h.Sum(nil)))
}

func TestLoadPrefersTheFolderThatIsNamed(t *testing.T) {
	dir := t.TempDir()
	for name, shape := range map[string][]int{"train-images-idx3-ubyte": {3, 28, 28}, "t10k-images-idx3-ubyte.gz": {2, 28, 28},
		"train-labels-idx1-ubyte.gz": {3}, "t10k-labels-idx1-ubyte": {2}} {
		writeZeros(t, filepath.Join(dir, name), shape)
	}
	s, err := fashion.Load(dir)
	require.NoError(t, err)
	require.Equal(t, 3, s.Train.Len())
	require.Equal(t, 2, s.Test.Len())
	require.Contains(t, s.Source, dir)
}

func TestLoadReportsWhatIsWrongWithTheFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := fashion.Load(dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, fmt.Sprintf("fashion: folder %s: ", dir))
	require.ErrorContains(t, err, "train-images-idx3-ubyte.gz")

	writeZeros(t, filepath.Join(dir, "train-images-idx3-ubyte.gz"), []int{3, 32, 32})
	writeZeros(t, filepath.Join(dir, "train-labels-idx1-ubyte.gz"), []int{3})
	_, err = fashion.Load(dir)
	var format *data.FormatError
	require.ErrorAs(t, err, &format)
	require.ErrorContains(t, err, "images of 32x32 pixels, expected 28x28")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte.gz"), []byte("<html>404</html>"), 0o600))
	_, err = fashion.Load(dir)
	require.ErrorContains(t, err, "magic number")
}

// Where the whole set is installed, the subset is shown to be part of it.
func TestEmbeddedIsPartOfTheWholeSet(t *testing.T) {
	if _, err := os.Stat(fashion.SystemDir); err != nil {
		t.Skip("the whole set is not installed: Debian has it as dataset-fashion-mnist")
	}
	whole, err := fashion.Load("")
	require.NoError(t, err)
	require.Equal(t, 60000, whole.Train.Len())
	require.Equal(t, 10000, whole.Test.Len())
	part := fashion.Embedded()
	requireSubset(t, whole.Train, part.Train)
	requireSubset(t, whole.Test, part.Test)
}

// requireSubset walks both sets once, which order-preserving selection allows.
func requireSubset(t *testing.T, whole, part *data.Dataset) {
	t.Helper()
	k := 0
	for i := 0; i < whole.Len() && k < part.Len(); i++ {
		if whole.Labels[i] == part.Labels[k] && bytes.Equal(whole.Image(i), part.Image(k)) {
			k++
		}
	}
	require.Equal(t, part.Len(), k)
}

func writeZeros(t *testing.T, path string, shape []int) {
	t.Helper()
	size := 1
	for _, n := range shape {
		size *= n
	}
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	var w io.Writer = f
	if filepath.Ext(path) == ".gz" {
		z := gzip.NewWriter(f)
		defer z.Close()
		w = z
	}
	require.NoError(t, data.WriteIDX(w, shape, make([]uint8, size)))
}
