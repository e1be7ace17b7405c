package image

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/internal/parallel"
)

// FolderConfig says what a [Folder] makes of its pictures.
type FolderConfig struct {
	// Preset makes a picture an image for testing, and for training without Vary. Its Crop is the size of all images; the
	// normalisation is the loader's.
	Preset Preset
	// Vary, if set, makes a picture an image for training: a pure function of it and of what it draws.
	Vary func(m *Image, rng *rand.Rand) *Image
	// Classes are the folders in the order of the classes, as [ReadClasses] has them, or as the Classes of another Folder.
	// Nil means those that are there, sorted by their bytes, as torchvision's ImageFolder does.
	Classes []Class
	// OnUnreadable, if set, is called with the error of each file that is no picture: OpenFolder then decodes every file.
	// An error that it returns ends this; otherwise the file is left out. Without it a file is looked at when a batch
	// needs it, and if it cannot be read, this ends the epoch. One that keeps the errors names all before training.
	OnUnreadable func(error) error
	Progress     func(done, total int) // files that have been decoded for OnUnreadable
}

// Folder is a set of pictures in files, the class of each being the folder that it is in:
//
//	cat/1.jpg
//	cat/more/2.png
//	dog/1.jpg
//
// A file is read and decoded each time that it is needed, and nothing is kept: the set may be larger than memory. It is a
// [data.Source]. Order and classes are those of torchvision's ImageFolder, but for the kinds of files: names that end in
// .gif are pictures too. Links to files and to folders of classes are followed, others are not.
type Folder struct {
	files   fs.FS
	config  FolderConfig
	classes []Class
	samples []sample
}

type sample struct {
	name  string
	class int
}

// extensions are those of torchvision, and .gif. Decode does not know all of their formats, and says so.
const extensions = " .jpg .jpeg .png .ppm .bmp .pgm .tif .tiff .webp .gif "

// OpenFolder lists the pictures in files, os.DirFS("train") say. Fields that make no sense are a
// [*residuum.ConfigError]. That there are no folders, that one has no pictures, unless Classes names it, and that Classes does
// not name one are errors. ctx ends the decoding that OnUnreadable asks for.
func OpenFolder(ctx context.Context, files fs.FS, c FolderConfig) (*Folder, error) {
	if err := demand.All("image.FolderConfig",
		demand.That(c.Preset.Crop >= 1, "Preset.Crop", c.Preset.Crop, "want at least 1"),
		demand.That(c.Preset.Resize >= 0, "Preset.Resize", c.Preset.Resize, "want pixels of the shorter side, or 0 to leave the size"),
		demand.That(c.Preset.Filter >= 0 && int(c.Preset.Filter) < len(filterNames), "Preset.Filter", c.Preset.Filter, "there is none such"),
		demand.That(!twice(c.Classes), "Classes", c.Classes, "want each folder once"),
	); err != nil {
		return nil, err
	}
	f := &Folder{files: files, config: c, classes: c.Classes}
	if err := f.list(); err != nil {
		return nil, fmt.Errorf("image: OpenFolder: %w", err)
	}
	if c.OnUnreadable != nil {
		if err := f.leaveOut(ctx); err != nil {
			return nil, fmt.Errorf("image: OpenFolder: %w", err)
		}
	}
	if len(f.samples) == 0 {
		return nil, errors.New("image: OpenFolder: no pictures")
	}
	return f, nil
}

// twice reports whether two classes have the same folder.
func twice(classes []Class) bool {
	seen := map[string]bool{}
	for _, c := range classes {
		seen[c.Folder] = true
	}
	return len(seen) < len(classes)
}

// list finds classes and files.
func (f *Folder) list() error {
	entries, err := fs.ReadDir(f.files, ".")
	if err != nil {
		return err
	}
	known, there := map[string]bool{}, map[string]bool{}
	for _, c := range f.classes {
		known[c.Folder] = true
	}
	for _, e := range entries { // sorted by name
		name := e.Name()
		if info, err := fs.Stat(f.files, name); err != nil || !info.IsDir() {
			continue
		}
		switch {
		case f.config.Classes == nil:
			f.classes = append(f.classes, Class{Folder: name, Name: name})
		case !known[name]:
			return fmt.Errorf("folder %s is none of the %d of Classes", name, len(f.classes))
		}
		there[name] = true
	}
	if len(there) == 0 {
		return errors.New("no folder of a class")
	}
	for class, c := range f.classes {
		if !there[c.Folder] {
			continue
		}
		names, err := f.pictures(c.Folder)
		if err != nil {
			return err
		}
		if len(names) == 0 && f.config.Classes == nil {
			return fmt.Errorf("folder %s holds no pictures", c.Folder)
		}
		for _, name := range names {
			f.samples = append(f.samples, sample{name, class})
		}
	}
	return nil
}

// pictures returns the regular files below a folder that have the name of a picture, those of a folder together.
func (f *Folder) pictures(folder string) (names []string, err error) {
	err = fs.WalkDir(f.files, folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.Contains(extensions, " "+strings.ToLower(path.Ext(name))+" ") {
			return err
		}
		// A link that leads nowhere is listed, and then reported as a file that cannot be read.
		if info, err := fs.Stat(f.files, name); err != nil || info.Mode().IsRegular() {
			names = append(names, name)
		}
		return nil
	})
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(strings.Compare(path.Dir(a), path.Dir(b)), strings.Compare(a, b))
	})
	return names, err
}

// leaveOut decodes every file and drops those that are no pictures.
func (f *Folder) leaveOut(ctx context.Context) error {
	const atOnce = 64 // files from one report of progress to the next
	kept := f.samples[:0:0]
	for lo := 0; lo < len(f.samples); lo += atOnce {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped after %d of %d files: %w", lo, len(f.samples), cancelled.Err(ctx))
		}
		some := f.samples[lo:min(lo+atOnce, len(f.samples))]
		errs := make([]error, len(some))
		parallel.For(len(some), 1, parallel.Func(func(from, to int) {
			for i := from; i < to; i++ {
				_, errs[i] = f.load(some[i].name)
			}
		}))
		for i, err := range errs {
			if err == nil {
				kept = append(kept, some[i])
			} else if err := f.config.OnUnreadable(err); err != nil {
				return err
			}
		}
		if f.config.Progress != nil {
			f.config.Progress(lo+len(some), len(f.samples))
		}
	}
	f.samples = kept
	return nil
}

func (f *Folder) load(name string) (*Image, error) {
	b, err := fs.ReadFile(f.files, name)
	if err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	m, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("image: %s: %w", name, err)
	}
	return m, nil
}

// Len returns the number of pictures.
func (f *Folder) Len() int { return len(f.samples) }

// Classes returns the classes in the order of their labels.
func (f *Folder) Classes() []Class { return slices.Clone(f.classes) }

// NumClasses returns how many there are, with those that have no pictures.
func (f *Folder) NumClasses() int { return len(f.classes) }

// Size returns the size of the images that Preset and Vary make, of three channels.
func (f *Folder) Size() (height, width, channels int) {
	return f.config.Preset.Crop, f.config.Preset.Crop, 3
}

// Label returns the class of picture i.
func (f *Folder) Label(i int) int { return f.samples[i].class }

// Name returns the path of picture i in the folder.
func (f *Folder) Name(i int) string { return f.samples[i].name }

// Read decodes picture i and returns the bytes that Vary makes of it, or without Vary or rng those of Preset. An error
// names the file.
func (f *Folder) Read(i int, rng *rand.Rand) ([]uint8, error) {
	m, err := f.load(f.samples[i].name)
	if err != nil {
		return nil, err
	}
	if rng == nil || f.config.Vary == nil {
		return f.config.Preset.Cut(m).Pixels, nil
	}
	m = f.config.Vary(m, rng)
	if side := f.config.Preset.Crop; m.Height != side || m.Width != side || m.Channels != 3 {
		return nil, fmt.Errorf("image: %s: FolderConfig.Vary makes %dx%dx%d of it, Preset.Crop says %dx%dx3",
			f.samples[i].name, m.Height, m.Width, m.Channels, side, side)
	}
	return m.Pixels, nil
}
