package table

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

const shop = "\xef\xbb\xbfprice, cut,code,weight,when\n" +
	"326,Ideal,7,1,2020-01-02\n" +
	"NA,\"Very, \"\"good\"\"\",9,0.5,\n" +
	"-3.5e1,Ideal,7,2,?\n"

func read(t testing.TB, text string, o CSVOptions) *Table {
	t.Helper()
	table, err := ReadCSV(strings.NewReader(text), "shop.csv", o)
	require.NoError(t, err)
	return table
}

// requireValues compares numbers of which -1000 stands for missing.
func requireValues(t *testing.T, want []float32, got Column) {
	t.Helper()
	require.Len(t, got.Values, len(want))
	for i, v := range want {
		if v == -1000 {
			require.True(t, math.IsNaN(float64(got.Values[i])), "row %d of %s", i, got.Name)
		} else {
			require.Equal(t, v, got.Values[i], "row %d of %s", i, got.Name)
		}
	}
}

func TestReadCSVFindsKinds(t *testing.T) {
	table := read(t, shop, CSVOptions{Categorical: []string{"code"}})
	require.Equal(t, 3, table.Rows())
	requireValues(t, []float32{326, -1000, -35}, table.Columns[0])
	requireValues(t, []float32{0, 1, 0}, table.Columns[1])
	require.Equal(t, []string{"Ideal", `Very, "good"`}, table.Columns[1].Categories)
	requireValues(t, []float32{0, 1, 0}, table.Columns[2])
	require.Equal(t, []string{"7", "9"}, table.Columns[2].Categories)
	require.Nil(t, table.Columns[3].Categories)
	requireValues(t, []float32{0, -1000, -1000}, table.Columns[4])
	require.Equal(t, []int{1, 2, 4}, table.Categorical())
	require.Equal(t, ""+
		"shop.csv: 3 rows\n"+
		"column    kind          missing  least  greatest\n"+
		"\"price\"   numbers             1    -35       326\n"+
		"\"cut\"     2 categories        0\n"+
		"\"code\"    2 categories        0\n"+
		"\"weight\"  numbers             0    0.5         2\n"+
		"\"when\"    1 categories        2\n", table.String())
	require.Nil(t, read(t, shop, CSVOptions{}).Columns[2].Categories)
	one := read(t, "a;b\n1;inf\n", CSVOptions{Comma: ';', Missing: []string{"1"}})
	requireValues(t, []float32{-1000}, one.Columns[0])
	requireValues(t, []float32{float32(math.Inf(1))}, one.Columns[1])
}

func TestLikeKeepsColumnsAndCategories(t *testing.T) {
	train, err := read(t, shop, CSVOptions{Categorical: []string{"code"}}).Without("price", "when", "weight")
	require.NoError(t, err)
	test := read(t, "more,code,cut\nx,9,new\nx,8,Ideal\nx,NA,NA\n", CSVOptions{Like: train})
	require.Equal(t, "cut", test.Columns[0].Name)
	requireValues(t, []float32{-1000, 0, -1000}, test.Columns[0])
	requireValues(t, []float32{1, -1000, -1000}, test.Columns[1])
	require.Equal(t, train.Columns[0].Categories, test.Columns[0].Categories)
	_, err = ReadCSV(strings.NewReader("code\n1\n"), "more.csv", CSVOptions{Like: train})
	require.EqualError(t, err, `table: more.csv: no column "cut": bad table`)
	numbers := read(t, "a\n1\n", CSVOptions{})
	_, err = ReadCSV(strings.NewReader("a\n2\nthree\n"), "more.csv", CSVOptions{Like: numbers})
	require.EqualError(t, err, `table: more.csv: row 2, column "a": "three" is no number: bad table`)
}

func TestErrorsNameFileRowAndColumn(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "no header",
		"a,a,n\n1,2,3\n":         `two columns are called "a"`,
		"a,b\n1,2\n3\n":          "row 2: bad table: record on line 3: wrong number of fields",
		"a,b\n1,\"2\n":           "row 1: bad table: parse error on line 2, column 6: extraneous or missing \" in quoted-field",
		"a,n\n1,1\n1,x\n":        `row 2, column "n": "x" is no number`,
		"a,n\n1e39,1\n":          `row 1, column "a": 1e39 is beyond the range of float32`,
		"a,m\n1,1\n":             `no column "n"`,
		"a,n,n\n1,1,1\n":         `two columns are called "n"`,
		"a,n\n\"x\"y,1\n":        `row 1: bad table: parse error on line 2, column 3: extraneous or missing " in quoted-field`,
		"\"a,n\n1,1\n":           "header: bad table",
		"a,n\n1,1\n\n2,2\n3,3,3": "row 3: bad table: record on line 5: wrong number of fields",
	} {
		_, err := ReadCSV(strings.NewReader(text), "shop.csv", CSVOptions{Numbers: []string{"n"}})
		require.ErrorIs(t, err, ErrFormat, text)
		require.ErrorContains(t, err, "table: shop.csv: "+want)
	}
	_, err := ReadCSV(strings.NewReader("a\n"), "shop.csv", CSVOptions{Comma: '"'})
	require.ErrorIs(t, err, ErrFormat)
	broken := errors.New("broken")
	_, err = ReadCSV(io.MultiReader(strings.NewReader("a\n1\n"), iotest.ErrReader(broken)), "shop.csv", CSVOptions{})
	require.ErrorIs(t, err, broken)
	require.NotErrorIs(t, err, ErrFormat)
}

func TestExamples(t *testing.T) {
	table := read(t, shop, CSVOptions{})
	known := table.Where(func(row int) bool { return table.Columns[0].Values[row] == table.Columns[0].Values[row] })
	e, err := known.Examples(Roles{Target: "price", Weight: "weight"})
	require.NoError(t, err)
	require.Equal(t, []string{"cut", "code", "when"}, e.Names)
	require.Equal(t, []int{0, 2}, e.Categorical)
	require.Equal(t, []float32{326, -35}, e.Y.Data())
	require.Equal(t, []float32{1, 2}, e.Weight.Data())
	require.Equal(t, []int{2, 3}, e.X.Shape())
	require.Equal(t, []float32{0, 7, 0, 0, 7}, e.X.Data()[:5])
	require.Nil(t, e.Classes)
	e, err = table.Examples(Roles{Target: "cut"})
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0, 0, 1, 1, 0}, e.Y.Data())
	require.Equal(t, []string{"Ideal", `Very, "good"`}, e.Classes)
	require.Nil(t, e.Weight)
	e, err = table.Examples(Roles{"code", "weight", "cut"})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0}, e.Group)
	require.Equal(t, []string{"price", "when"}, e.Names)
	e, err = table.Examples(Roles{Target: "cut", Group: "code"})
	require.NoError(t, err)
	require.Equal(t, []int{0, 1, 0}, e.Group)
	for _, c := range []struct{ target, weight, group, want string }{
		{"price", "", "", `row 2, column "price": the value is missing`},
		{"code", "price", "", `row 2, column "price": the value is missing`},
		{"code", "cut", "", `column "cut": weights that are no numbers`},
		{"code", "code", "", `no column "code"`}, {"x", "", "", `no column "x"`}, {"code", "x", "", `no column "x"`},
		{"code", "", "x", `no column "x"`}, {"code", "", "code", `no column "code"`}, {"code", "", "when", `row 2, column "when": the value is missing`},
	} {
		_, err := table.Examples(Roles{c.target, c.weight, c.group})
		require.ErrorIs(t, err, ErrFormat)
		require.EqualError(t, err, "table: shop.csv: "+c.want+": bad table")
	}
	_, err = known.Examples(Roles{Target: "weight", Weight: "price"})
	require.ErrorContains(t, err, `row 2, column "price": weight -35`)
	_, err = read(t, "a,b\ninf,1\n", CSVOptions{}).Examples(Roles{Target: "a"})
	require.ErrorContains(t, err, `row 1, column "a": +Inf`)
	_, err = read(t, "a,b\n", CSVOptions{}).Examples(Roles{Target: "a"})
	require.ErrorContains(t, err, "no rows")
	_, err = New("made", []Column{{Name: "a", Values: []float32{1}}, {Name: "b"}})
	require.ErrorContains(t, err, `column "b" has 0 rows, the first 1`)
}

// A column of a million categories is read as one; of the trees' columns it says more.
func TestManyCategories(t *testing.T) {
	n := 1_000_000
	if testing.Short() {
		n = 1000
	}
	var b strings.Builder
	b.WriteString("id,constant\n")
	for i := range n {
		fmt.Fprintf(&b, "id%d,same\n", i)
	}
	table := read(t, b.String(), CSVOptions{})
	require.Len(t, table.Columns[0].Categories, n)
	require.Equal(t, float32(n-1), table.Columns[0].Values[n-1])
	require.Equal(t, []string{"same"}, table.Columns[1].Categories)
}

func TestLoadCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	require.NoError(t, os.WriteFile(path, []byte("a\nx\n"), 0o600))
	table, err := LoadCSV(path, CSVOptions{})
	require.NoError(t, err)
	require.Equal(t, path, table.Name)
	_, err = LoadCSV(path+"x", CSVOptions{})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzReadCSV(f *testing.F) {
	f.Add([]byte(shop))
	f.Add([]byte("a,b\n1,NaN\n0x1p-2,1_0\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := ReadCSV(strings.NewReader(string(text)), "f", CSVOptions{})
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		for _, c := range table.Columns {
			require.Len(t, c.Values, table.Rows())
			for _, v := range c.Values {
				require.True(t, c.Categories == nil || v != v || v >= 0 && int(v) < len(c.Categories))
			}
			_, _ = table.Examples(Roles{Target: c.Name})
		}
	})
}
