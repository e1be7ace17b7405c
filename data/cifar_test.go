package data_test

import (
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

// cifarFile holds n images; pixel p of channel c of image i has the value i+3p+c, modulo 256.
func cifarFile(n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, byte(i%10))
		for c := range 3 {
			for p := range 32 * 32 {
				b = append(b, byte(i+3*p+c))
			}
		}
	}
	return b
}

func cifarFolder() fstest.MapFS {
	fsys := fstest.MapFS{"test_batch.bin": {Data: cifarFile(1)}}
	for i := range 5 {
		fsys[fmt.Sprintf("data_batch_%d.bin", i+1)] = &fstest.MapFile{Data: cifarFile(i + 1)}
	}
	return fsys
}

func TestLoadCIFAR10JoinsFilesAndInterleavesChannels(t *testing.T) {
	train, err := data.LoadCIFAR10Train(cifarFolder())
	require.NoError(t, err)
	test, err := data.LoadCIFAR10Test(cifarFolder())
	require.NoError(t, err)
	require.Equal(t, 15, train.Len())
	require.Equal(t, 1, test.Len())
	require.Equal(t, []int{0, 0, 1, 0, 1, 2, 0, 1, 2, 3, 0, 1, 2, 3, 4}, train.Labels)
	for k, p := range train.Image(5) { // image 2 of the third file
		require.Equal(t, byte(2+k), p)
	}
}

func TestLoadCIFAR10NeedsOnlyTheFilesOfThePartThatIsRead(t *testing.T) {
	fsys := cifarFolder()
	only := fstest.MapFS{"test_batch.bin": fsys["test_batch.bin"]}
	test, err := data.LoadCIFAR10Test(only)
	require.NoError(t, err)
	require.Equal(t, 1, test.Len())
	_, err = data.LoadCIFAR10Train(only)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "data_batch_1.bin")

	delete(fsys, "test_batch.bin")
	_, err = data.LoadCIFAR10Train(fsys)
	require.NoError(t, err)
	_, err = data.LoadCIFAR10Test(fsys)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "test_batch.bin")
}

func TestLoadCIFAR10RefusesDamage(t *testing.T) {
	bad := cifarFile(2)
	bad[3073] = 10
	for _, c := range []struct {
		name, reason string
		file         []byte
	}{
		{"empty", "0 bytes", nil},
		{"cut", "3072 bytes", cifarFile(1)[:3072]},
		{"trailing byte", "3074 bytes", append(cifarFile(1), 0)},
		{"too long", "30730001 bytes", make([]byte, 10001*3073)},
		{"label", "label 10 of image 1 is outside 0..9", bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := cifarFolder()
			fsys["data_batch_4.bin"].Data = c.file
			fsys["test_batch.bin"].Data = c.file
			_, err := data.LoadCIFAR10Train(fsys)
			var format *data.FormatError
			require.ErrorAs(t, err, &format)
			require.Equal(t, "data_batch_4.bin", format.File)
			require.ErrorContains(t, err, c.reason)
			_, err = data.LoadCIFAR10Test(fsys)
			require.ErrorAs(t, err, &format)
			require.Equal(t, "test_batch.bin", format.File)
			require.ErrorContains(t, err, c.reason)
		})
	}
}

func FuzzLoadCIFAR10(f *testing.F) {
	bad := cifarFile(2)
	bad[3073] = 10
	for _, seed := range [][]byte{nil, {3}, cifarFile(1), cifarFile(2), cifarFile(2)[:3074], bad} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		set, err := data.LoadCIFAR10Test(fstest.MapFS{"test_batch.bin": {Data: file}})
		if err != nil {
			var format *data.FormatError
			require.ErrorAs(t, err, &format)
			return
		}
		var again []byte
		for i, label := range set.Labels {
			again = append(again, byte(label))
			for c := range 3 {
				for p := range 32 * 32 {
					again = append(again, set.Image(i)[3*p+c])
				}
			}
		}
		require.Equal(t, file, again)
	})
}
