package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWriteReplaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, Write(path, []byte("one")))
	require.NoError(t, Write(path, []byte("two")))
	requireContent(t, "two", path)
}

func TestWriteIntoTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, Write("f", []byte("one")))
	require.NoError(t, os.Symlink("f", "link"))
	require.NoError(t, Write("link", []byte("two")))
	requireContent(t, "two", "f")
	requireNames(t, ".", "f", "link")
}

func TestFailureLeavesTheOldFileAndNoOther(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, Write(path, []byte("old")))
	full := errors.New("disk full")
	err := WriteFunc(path, func(w io.Writer) error {
		_, _ = w.Write([]byte("half"))
		return full
	})
	require.ErrorIs(t, err, full)
	require.ErrorContains(t, err, path)
	require.Panics(t, func() { _ = WriteFunc(path, func(io.Writer) error { panic("bug") }) })
	requireContent(t, "old", path)
	requireNames(t, dir, "f")
}

// What a path can be found to be before any work is found then, and stays as it is.
func TestRefusedBeforeAnyWork(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(in("file"), []byte("old"), 0o600))
	require.NoError(t, os.Mkdir(in("folder"), 0o700))
	require.NoError(t, os.Symlink("folder", in("to folder")))
	require.NoError(t, os.Symlink("round", in("round")))
	require.NoError(t, os.Symlink(filepath.Join("no", "f"), in("to nowhere")))
	for _, c := range []struct {
		path, reason string
		is           error
	}{
		{in("folder"), "not a regular file, mode d", ErrNotRegular},
		{in("to folder"), "not a regular file", ErrNotRegular},
		{in("round"), "too many symbolic links", nil},
		{in("to nowhere"), "new file in folder " + in("no"), fs.ErrNotExist},
		{filepath.Join(in("no"), "f"), "new file in folder " + in("no"), fs.ErrNotExist},
		{filepath.Join(in("file"), "f"), in("file"), nil},
		{in("new") + string(filepath.Separator), "new", fs.ErrNotExist},
		{"", "", fs.ErrNotExist},
	} {
		t.Run(filepath.Base(c.path), func(t *testing.T) {
			before := names(t, dir)
			for _, err := range []error{
				Check(c.path),
				WriteFunc(c.path, func(io.Writer) error { t.Error("work was done"); return nil }),
			} {
				require.ErrorContains(t, err, "write "+c.path+": ")
				require.ErrorContains(t, err, c.reason)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
			}
			require.Equal(t, before, names(t, dir))
		})
	}
	requireContent(t, "old", in("file"))
}

func TestCheckLeavesEverythingAsItWas(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, Check(path))
	requireNames(t, dir)
	require.NoError(t, Write(path, []byte("old")))
	require.NoError(t, Check(path))
	requireContent(t, "old", path)
	requireNames(t, dir, "f")
}

func TestNamesAsLongAsTheFileSystemTakes(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	require.NoError(t, Write(path, []byte("one")))
	require.NoError(t, Write(path, []byte("two")))
	requireContent(t, "two", path)
	require.Error(t, Check(path+"n"))
}

func TestLinksStayAndTheirTargetsAreReplaced(t *testing.T) {
	for _, c := range []struct {
		name   string
		links  [][2]string // what it points to, where it is
		path   string
		target string
	}{
		{"relative", [][2]string{{"data/f", "link"}}, "link", "data/f"},
		{"from another folder", [][2]string{{"../data/f", "other/link"}}, "other/link", "data/f"},
		{"absolute", [][2]string{{"/data/f", "link"}}, "link", "data/f"}, // below the test's folder
		{"chain", [][2]string{{"other/second", "first"}, {"../third", "other/second"}, {"data/f", "third"}}, "first", "data/f"},
		{"dangling", [][2]string{{"data/new", "link"}}, "link", "data/new"},
		{"dangling chain", [][2]string{{"other/second", "first"}, {"../data/new", "other/second"}}, "first", "data/new"},
		// data/far is other/deep, so that data/far/.. is other, not data.
		{"through a linked folder", [][2]string{{"../other/deep", "data/far"}, {"data/far/../f", "link"}}, "link", "other/f"},
		{"in a linked folder", [][2]string{{"../other/deep", "data/far"}, {"../f", "other/deep/link"}}, "data/far/link", "other/f"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for _, d := range []string{"data", "other/deep"} {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, d), 0o700))
			}
			for _, f := range []string{"data/f", "other/f"} {
				require.NoError(t, os.WriteFile(filepath.Join(dir, f), []byte("old"), 0o600))
			}
			for _, l := range c.links {
				to := l[0]
				if filepath.IsAbs(to) {
					to = filepath.Join(dir, to)
				}
				require.NoError(t, os.Symlink(to, filepath.Join(dir, l[1])))
			}
			require.NoError(t, Check(filepath.Join(dir, c.path)))
			require.NoError(t, Write(filepath.Join(dir, c.path), []byte("new")))
			info, err := os.Lstat(filepath.Join(dir, c.target))
			require.NoError(t, err)
			require.True(t, info.Mode().IsRegular())
			requireContent(t, "new", filepath.Join(dir, c.target))
			for _, l := range c.links {
				info, err := os.Lstat(filepath.Join(dir, l[1]))
				require.NoError(t, err)
				require.Equal(t, fs.ModeSymlink, info.Mode().Type())
			}
			for _, f := range []string{"data/f", "other/f"} {
				if f != c.target {
					requireContent(t, "old", filepath.Join(dir, f))
				}
			}
		})
	}
}

func requireContent(t *testing.T, want, path string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	list := []string{}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func requireNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	require.ElementsMatch(t, want, names(t, dir))
}
