package parquet

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data/table"
)

type row struct {
	Cut    *string  `parquet:"cut,optional"`
	Carat  *float64 `parquet:"carat,optional"`
	Price  int64    `parquet:"price"`
	Weight float32  `parquet:"weight"`
	Sold   bool     `parquet:"sold"`
	Size   int32    `parquet:"size"`
}

func file(t testing.TB) []byte {
	carat, ideal, good := 0.25, "Ideal", "Good"
	rows := []row{{&ideal, &carat, 326, 1, true, 4}, {&good, nil, -7, 0.5, false, 5}, {nil, &carat, 8, 2, false, -6}, {&ideal, nil, 9, 2, true, 7}}
	var b bytes.Buffer
	w := parquet.NewGenericWriter[row](&b, parquet.MaxRowsPerRowGroup(3))
	_, err := w.Write(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "diamonds.parquet")
	require.NoError(t, os.WriteFile(path, file(t), 0o600))
	got, err := Load(path)
	require.NoError(t, err)
	require.Equal(t, path, got.Name)
	require.Equal(t, 4, got.Rows())
	require.Equal(t, []string{"Ideal", "Good"}, got.Columns[0].Categories)
	nan := float32(math.NaN())
	for i, want := range [][]float32{{0, 1, nan, 0}, {0.25, nan, 0.25, nan}, {326, -7, 8, 9}, {1, 0.5, 2, 2}, {1, 0, 0, 1}, {4, 5, -6, 7}} {
		require.InDeltaSlice(t, want, got.Columns[i].Values, 0, got.Columns[i].Name)
	}
	e, err := got.Examples(table.Roles{Target: "price", Weight: "weight"})
	require.NoError(t, err)
	require.Equal(t, []string{"cut", "carat", "sold", "size"}, e.Names)
	require.Equal(t, []int{0}, e.Categorical)
	_, err = got.Examples(table.Roles{Target: "carat"})
	require.EqualError(t, err, "table: "+path+`: row 2, column "carat": the value is missing: bad table`)
	_, err = Load(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestWhatIsNotRead(t *testing.T) {
	good := file(t)
	for cut := 0; cut < len(good); cut += 13 {
		_, err := Read(bytes.NewReader(good[:cut]), int64(cut), "a.parquet")
		require.ErrorIs(t, err, table.ErrFormat)
		require.ErrorContains(t, err, "a.parquet")
	}
	var list, large bytes.Buffer
	require.NoError(t, parquet.Write(&list, []struct{ L []int32 }{{[]int32{1}}}))
	_, err := Read(bytes.NewReader(list.Bytes()), int64(list.Len()), "a.parquet")
	require.ErrorContains(t, err, `column "L": lists and groups are not read`)
	require.NoError(t, parquet.Write(&large, []struct{ D float64 }{{1}, {1e300}}))
	_, err = Read(bytes.NewReader(large.Bytes()), int64(large.Len()), "a.parquet")
	require.ErrorIs(t, err, table.ErrFormat)
	require.ErrorContains(t, err, `a.parquet: row 2, column "D"`)
}

func FuzzRead(f *testing.F) {
	f.Add(file(f))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := Read(bytes.NewReader(text), int64(len(text)), "f")
		if err == nil {
			require.NotNil(t, got)
		}
	})
}
