package image

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/data"
)

var tiny = FolderConfig{Preset: Preset{Resize: 9, Crop: 8, Norm: half}}

// pets has pictures of three kinds in two classes, and nothing else.
func pets(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for to, from := range map[string]string{
		"cat/1.png": "rgb.png", "cat/2.jpg": "photo0-1.jpg", "cat/more/1.bmp": "rgb.bmp", "dog/1.png": "palette.png", "dog/2.webp": "lossy0.webp",
	} {
		b, err := os.ReadFile(filepath.Join("testdata/pictures", from))
		require.NoError(t, err)
		files[to] = &fstest.MapFile{Data: b}
	}
	return files
}

func open(t testing.TB, files fstest.MapFS, c FolderConfig) *Folder {
	t.Helper()
	f, err := OpenFolder(t.Context(), files, c)
	require.NoError(t, err)
	return f
}

func names(f *Folder) (all []string) {
	for i := range f.Len() {
		all = append(all, f.Name(i))
	}
	return all
}

func TestFolderHasTorchvisionsOrder(t *testing.T) {
	want := reference[struct {
		Files, Classes []string
		Samples        [][2]any
	}](t, "folder.json")
	files := fstest.MapFS{}
	for _, name := range want.Files {
		files[name] = &fstest.MapFile{}
	}
	f := open(t, files, tiny)
	require.Equal(t, len(want.Classes), f.NumClasses())
	for i, c := range f.Classes() {
		require.Equal(t, Class{want.Classes[i], want.Classes[i]}, c)
	}
	require.Equal(t, len(want.Samples), f.Len(), "%v", names(f))
	for i, s := range want.Samples {
		require.Equal(t, s, [2]any{f.Name(i), float64(f.Label(i))})
	}
}

func TestFolderReadsWhatPresetAndVarySay(t *testing.T) {
	c := tiny
	f := open(t, pets(t), c)
	require.Equal(t, []string{"cat/1.png", "cat/2.jpg", "cat/more/1.bmp", "dog/1.png", "dog/2.webp"}, names(f))
	m, err := Load("testdata/pictures/palette.png")
	require.NoError(t, err)
	got, err := f.Read(3, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	require.Equal(t, m.ShortSide(9, Bilinear).CentreCrop(8, 8).Pixels, got)

	c.Vary = func(m *Image, rng *rand.Rand) *Image { return m.Crop(rng.IntN(5), rng.IntN(5), 8, 8) }
	f = open(t, pets(t), c)
	test, err := f.Read(3, nil)
	require.NoError(t, err)
	require.Equal(t, got, test)
	rng := rand.New(rand.NewPCG(1, 1))
	varied, err := f.Read(3, rand.New(rand.NewPCG(1, 1)))
	require.NoError(t, err)
	require.Equal(t, m.Crop(rng.IntN(5), rng.IntN(5), 8, 8).Pixels, varied)

	c.Vary = func(m *Image, _ *rand.Rand) *Image { return m }
	_, err = open(t, pets(t), c).Read(3, rng)
	require.EqualError(t, err, "image: dog/1.png: FolderConfig.Vary makes 23x37x3 of it, Preset.Crop says 8x8x3")
}

// Files are decoded by any number of workers to the same batches, which go on where they were stopped.
func TestLoaderOfAFolder(t *testing.T) {
	c := tiny
	c.Vary = func(m *Image, rng *rand.Rand) *Image { return m.Crop(rng.IntN(9), rng.IntN(9), 8, 8) }
	loader := func(workers int) *data.Loader {
		l, err := data.NewLoader(open(t, pets(t), c), data.LoaderConfig{Batch: 2, Shuffle: true, Workers: workers, Norm: half})
		require.NoError(t, err)
		return l
	}
	take := func(l *data.Loader, n int) (all []string) {
		for len(all) < n {
			for b := range l.Epoch(t.Context()) {
				require.NoError(t, b.Err)
				if all = append(all, fmt.Sprint(b.Index, b.Labels, b.X.Data())); len(all) == n {
					break
				}
			}
		}
		return all
	}
	want := take(loader(1), 9)
	require.Equal(t, want, take(loader(3), 9))
	first, second := loader(2), loader(2)
	require.Equal(t, want[:4], take(first, 4))
	require.NoError(t, second.SetState(first.State()))
	require.Equal(t, want[4:], take(second, 5))
}

func TestUnreadableFilesAreNamed(t *testing.T) {
	files := pets(t)
	files["cat/0.jpg"] = &fstest.MapFile{Data: []byte("no picture")}
	files["dog/1.png"].Data = files["dog/1.png"].Data[:100]
	f := open(t, files, tiny)
	require.Equal(t, 6, f.Len())
	batches := slices.Collect(data.Batches(f, half, 4))
	require.Len(t, batches, 1)
	require.ErrorIs(t, batches[0].Err, ErrFormat)
	require.ErrorContains(t, batches[0].Err, "image: cat/0.jpg: ")

	c := tiny
	var said []string
	var progress [][2]int
	c.OnUnreadable = func(err error) error {
		require.ErrorIs(t, err, ErrFormat)
		name, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "image: "), ":")
		said = append(said, name)
		return nil
	}
	c.Progress = func(done, total int) { progress = append(progress, [2]int{done, total}) }
	f = open(t, files, c)
	require.Equal(t, []string{"cat/0.jpg", "dog/1.png"}, said)
	require.Equal(t, []string{"cat/1.png", "cat/2.jpg", "cat/more/1.bmp", "dog/2.webp"}, names(f))
	require.Equal(t, [][2]int{{6, 6}}, progress)
	for b := range data.Batches(f, half, 3) {
		require.NoError(t, b.Err)
	}
	delete(files, "dog/2.webp") // while it is in use
	batches = slices.Collect(data.Batches(f, half, 4))
	require.ErrorContains(t, batches[0].Err, "dog/2.webp")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := OpenFolder(ctx, files, c)
	require.ErrorIs(t, err, context.Canceled)
	c.OnUnreadable = func(err error) error { return fmt.Errorf("enough: %w", err) }
	_, err = OpenFolder(t.Context(), files, c)
	require.ErrorIs(t, err, ErrFormat)
	require.ErrorContains(t, err, "image: OpenFolder: enough: image: cat/0.jpg")
}

func TestOpenFolderRefusesNonsense(t *testing.T) {
	_, err := OpenFolder(t.Context(), pets(t), FolderConfig{})
	var config *residuum.ConfigError
	require.ErrorAs(t, err, &config)
	require.EqualError(t, err, "image: FolderConfig.Preset.Crop is 0: want at least 1")
	for says, spoil := range map[string]func(fstest.MapFS, *FolderConfig){
		"no folder of a class":                   func(files fstest.MapFS, _ *FolderConfig) { clear(files) },
		"folder empty holds no pictures":         func(files fstest.MapFS, _ *FolderConfig) { files["empty/a.txt"] = &fstest.MapFile{} },
		"folder dog is none of the 1 of Classes": func(_ fstest.MapFS, c *FolderConfig) { c.Classes = []Class{{"cat", "Cat"}} },
		"image: FolderConfig.Classes is [{cat a} {dog b} {cat c}]: want each folder once": func(_ fstest.MapFS, c *FolderConfig) {
			c.Classes = []Class{{"cat", "a"}, {"dog", "b"}, {"cat", "c"}}
		},
		"image: OpenFolder: no pictures":            func(_ fstest.MapFS, c *FolderConfig) { c.Classes = nil },
		"image: FolderConfig.Preset.Resize is -1: ": func(_ fstest.MapFS, c *FolderConfig) { c.Preset.Resize = -1 },
		"image: FolderConfig.Preset.Filter is Filt": func(_ fstest.MapFS, c *FolderConfig) { c.Preset.Filter = 17 },
	} {
		files, c := pets(t), tiny
		spoil(files, &c)
		if says == "image: OpenFolder: no pictures" {
			for _, f := range files {
				f.Data = nil
			}
			c.OnUnreadable = func(error) error { return nil }
		}
		_, err := OpenFolder(t.Context(), files, c)
		require.ErrorContains(t, err, says)
	}
}

func TestLinksAreFollowed(t *testing.T) {
	root, away := t.TempDir(), t.TempDir()
	for name, b := range pets(t) {
		path := filepath.Join(away, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, b.Data, 0o644))
	}
	if err := os.Symlink(filepath.Join(away, "dog"), filepath.Join(root, "dog")); err != nil {
		t.Skip(err)
	}
	require.NoError(t, os.Mkdir(filepath.Join(root, "cat"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(away, "cat/1.png"), filepath.Join(root, "cat/b.png")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(root, "cat/c.png")))
	f, err := OpenFolder(t.Context(), os.DirFS(root), tiny)
	require.NoError(t, err)
	require.Equal(t, []string{"cat/b.png", "cat/c.png", "dog/1.png", "dog/2.webp"}, names(f))
	_, err = f.Read(0, nil)
	require.NoError(t, err)
	_, err = f.Read(1, nil)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "cat/c.png")
}

const mapping = "dog a dog, of any kind\n\n  cat\tCat \nbird\n"

func TestClassesFromAList(t *testing.T) {
	classes, err := ReadClasses(strings.NewReader(mapping))
	require.NoError(t, err)
	require.Equal(t, []Class{{"dog", "a dog, of any kind"}, {"cat", "Cat"}, {"bird", "bird"}}, classes)
	c := tiny
	c.Classes = classes
	f := open(t, pets(t), c)
	require.Equal(t, 3, f.NumClasses())
	require.Equal(t, classes, f.Classes())
	require.Equal(t, []string{"dog/1.png", "dog/2.webp", "cat/1.png", "cat/2.jpg", "cat/more/1.bmp"}, names(f))
	require.Equal(t, 1, f.Label(2))
	for text, says := range map[string]string{
		"":                                     "no classes",
		"\n \n":                                "no classes",
		"a x\nb\na y":                          `line 3: folder "a" comes twice`,
		"a\n../etc passwd":                     `line 2: "../etc" is no name of a folder`,
		"a\xff":                                "line 1 is not UTF-8",
		"a\n" + strings.Repeat("x", 64<<10):    "line 2: bufio.Scanner: token too long",
		strings.Repeat("\n", 5) + "..":         `line 6: ".." is no name`,
		strings.Join(many(maxClasses+1), "\n"): "more than 131072 classes",
	} {
		_, err := ReadClasses(strings.NewReader(text))
		require.ErrorContains(t, err, "image: ReadClasses: "+says)
	}
}

func many(n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = fmt.Sprint(i)
	}
	return s
}

// Whatever the list is, it is an error or each folder is there once.
func FuzzReadClasses(f *testing.F) {
	f.Add(mapping)
	f.Add("n01440764 tench, Tinca tinca\nn01443537 goldfish, Carassius auratus\n")
	f.Fuzz(func(t *testing.T, text string) {
		classes, err := ReadClasses(strings.NewReader(text))
		if err != nil {
			require.Nil(t, classes)
			return
		}
		seen := map[string]bool{}
		for _, c := range classes {
			require.False(t, seen[c.Folder] || c.Folder == "" || c.Name == "", "%q", c)
			seen[c.Folder] = true
		}
	})
}
