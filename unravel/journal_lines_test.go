package unravel

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum/data"
)

const (
	keyA = "00000000000000000000000000000abc"
	keyB = "ffffffffffffffffffffffffffffffff"
)

// written returns a line as a journal writes it.
func written(t testing.TB, key string, f finding) string {
	text, err := line{Key: key, Plan: "0-2 delete:3", Batch: 1, finding: f}.text()
	require.NoError(t, err)
	return string(text)
}

// What is not a journal is refused and left as it is, with the line in the error.
func TestForeignFilesAreLeftAlone(t *testing.T) {
	good := written(t, keyA, finding{Score: data.Score{Examples: 1}})
	object := strings.TrimSuffix(good, "\n")
	for name, c := range map[string]struct{ text, want string }{
		"a note":                    {"hello", "line 1: not a line"},
		"results":                   {`{"config": {"preset":"paper"}}`, "line 1: not a line"},
		"results with a newline":    {`{"config": {"preset":"paper"}}` + "\n", "line 1: not a line"},
		"binary":                    {"\x89PNG\r\n\x1a\n\x00\x00", "line 1: not a line"},
		"zeros":                     {strings.Repeat("\x00", 5000), "line 1: not a line"},
		"an empty line":             {"\n", "line 1: not a line"},
		"an empty object":           {"{}\n", "line 1: not a line"},
		"a note behind a journal":   {good + "hello", "line 2: not a line"},
		"zeros behind a journal":    {good + strings.Repeat("\x00", 100), "line 2: not a line"},
		"space behind a journal":    {good + " ", "line 2: not a line"},
		"a line before":             {"hello\n" + good, "line 1: not a line"},
		"half a line, then another": {good[:70] + good, "line 1: not a line"},
		"two objects":               {object + object + "\n", "line 1: not a line"},
		"something behind":          {object + " x\n", "line 1: not a line"},
		"space behind":              {object + " \n", "line 1: not a line"},
		"windows line":              {object + "\r\n", "line 1: not a line"},
		"a field missing":           {strings.Replace(good, `,"batch":1`, "", 1), "line 1: not a line"},
		"score missing":             {strings.Replace(good, `,"score":{"examples":1,"correct":0,"loss_sum":0}`, "", 1), "line 1: not a line"},
		"score incomplete":          {strings.Replace(good, `"correct":0,`, "", 1), "line 1: not a line"},
		"a field too many":          {strings.Replace(good, `"batch":1`, `"batch":1,"x":2`, 1), "line 1: not a line"},
		"a field twice":             {strings.Replace(good, `"batch":1`, `"batch":1,"batch":1`, 1), "line 1: not a line"},
		"a number too large":        {strings.Replace(good, `"examples":1`, `"examples":1e3`, 1), "line 1: not a line"},
		"a key of another kind":     {strings.Replace(good, keyA, "a", 1), "line 1: not a line"},
		"upper case":                {strings.Replace(good, "abc", "ABC", 1), "line 1: not a line"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o644))
			for range 2 {
				_, err := OpenJournal(path, "")
				require.ErrorContains(t, err, path+": "+c.want)
				requireFile(t, path, c.text)
			}
			require.ErrorContains(t, MergeJournals(path+"2", path), c.want)
			require.NoFileExists(t, path+"2")
			require.NoError(t, os.WriteFile(path+"2", []byte(good), 0o644))
			require.ErrorContains(t, MergeJournals(path, path+"2"), path+": "+c.want)
			requireFile(t, path, c.text)
		})
	}
}

func requireFile(t testing.TB, path, text string) {
	t.Helper()
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, string(after), "left alone")
}

// A journal that contradicts itself is one that went wrong.
func TestContradictions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	text := written(t, keyA, finding{Score: data.Score{Examples: 1}}) + written(t, keyA, finding{Score: data.Score{Examples: 2}})
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	_, err := OpenJournal(path, "")
	require.ErrorIs(t, err, ErrConflict)
	require.ErrorContains(t, err, path+`: line 2: unravel: journals disagree about plan "0-2 delete:3" on batch 1`)
	require.ErrorIs(t, MergeJournals(path, path), ErrConflict)
	requireFile(t, path, text)
}

// Wherever a crash cuts a journal, what was whole is kept, and the journal goes on.
func TestJournalsCutAnywhere(t *testing.T) {
	first := written(t, keyA, finding{Score: data.Score{Examples: 3, LossSum: 0.1, NonFinite: 1}})
	second := written(t, keyB, finding{Score: data.Score{Examples: 3}, Change: number(math.NaN()), Size: 1})
	path := filepath.Join(t.TempDir(), "journal")
	for cut := range len(first+second) + 1 {
		text := (first + second)[:cut]
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		j, err := OpenJournal(path, "")
		require.NoError(t, err, "%q", text)
		require.Equal(t, strings.Count(text, "\n"), j.Len())
		for _, text := range []string{first, second} {
			l, err := parse([]byte(text))
			require.NoError(t, err)
			require.NoError(t, j.add(l))
		}
		require.NoError(t, j.Close())
		requireFile(t, path, first+second)
	}
}

// NaN and infinities come back, and are equal to what they were.
func TestNumbersThatJSONHasNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j, err := OpenJournal(path, "")
	require.NoError(t, err)
	values := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, math.Copysign(0, -1), 1, 0.1, math.MaxFloat64, 5e-324, -1e21}
	for i, v := range values {
		l := line{Key: strings.Repeat(string("0123456789"[i]), 32), finding: finding{Change: number(v), Size: number(-v)}}
		require.NoError(t, j.add(l))
		require.NoError(t, j.add(l), "again")
		l.Change++
		if !l.Change.same(number(v)) { // a number that adding 1 changes
			require.ErrorIs(t, j.add(l), ErrConflict)
		}
	}
	before := j.findings
	require.NoError(t, j.Close())
	j = openJournal(t, path, "")
	require.Len(t, j.findings, len(values))
	for key, f := range before {
		require.True(t, f.same(j.findings[key]), "%v %v", f, j.findings[key])
	}
	require.NoError(t, MergeJournals(path+"2", path, path))
	require.Equal(t, len(values), lines(path+"2"))
	for _, text := range []string{`"nan"`, `"Inf"`, `"1"`, `NaN`, `[]`, `"`} {
		var n number
		require.Error(t, n.UnmarshalJSON([]byte(text)), text)
	}
}

// A plan may be long, and so is its line.
func TestLongLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal")
	j := openJournal(t, path, "net")
	require.NoError(t, j.add(line{Key: keyA, Plan: strings.Repeat("delete:1 ", 300_000)}))
	require.NoError(t, j.add(line{Key: keyB, Plan: "0"}))
	require.NoError(t, j.Close())
	require.Equal(t, 2, openJournal(t, path, "net").Len())
}

// FuzzJournal opens any file as a journal: either it is left as it is, or it is one, of which at most a line that was
// cut short is dropped; then it can be written, read again and merged.
func FuzzJournal(f *testing.F) {
	good := written(f, keyA, finding{Score: data.Score{Examples: 3, Correct: 1, LossSum: 1.5, NonFinite: 1}, Change: number(math.Inf(1)), Size: 2})
	for _, text := range []string{"", "{", "{}\n", "hello", good, good + good, good + good[:60], good[:60] + good, good[:len(good)-1] + " \n", good + "\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "journal")
		require.NoError(t, os.WriteFile(path, text, 0o644))
		j, err := OpenJournal(path, "net")
		if err != nil {
			requireFile(t, path, string(text))
			return
		}
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		require.True(t, bytes.HasPrefix(text, whole))
		rest := text[len(whole):]
		require.NotContains(t, string(rest), "\n")
		require.True(t, begins(rest))
		if _, ok := j.find(keyB); !ok {
			require.NoError(t, j.add(line{Key: keyB, Plan: "0"}))
		}
		known := j.findings
		require.NoError(t, j.Close())
		j, err = OpenJournal(path, "net")
		require.NoError(t, err)
		require.Len(t, j.findings, len(known))
		for key, f := range known {
			require.True(t, f.same(j.findings[key]))
		}
		require.NoError(t, j.Close())
	})
}
