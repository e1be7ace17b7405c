package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
	"github.com/residuum-go/residuum/data/image"
)

// picture is one to be classified.
type picture struct {
	name  string
	label string // what it is, where that is known
	load  func() (*image.Image, error)
}

// find lists the pictures that cfg names, or some of the embedded ones. What it cannot list is a picture that cannot be
// loaded.
func find(cfg config, m model) ([]picture, error) {
	if len(cfg.pictures) == 0 {
		if m.In.Channels != 1 {
			return nil, errors.New("want pictures for this net: files, folders, or - for standard input")
		}
		return samples(fashion.Embedded().Test), nil
	}
	var all []picture
	for _, arg := range cfg.pictures {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
			all = append(all, picture{name: "standard input", load: fromStdin})
		case err == nil && info.IsDir():
			all = append(all, walk(arg)...)
		default:
			all = append(all, fromFile(arg))
		}
	}
	return all, nil
}

// samples are the first images of each class.
func samples(set *data.Dataset) []picture {
	var all []picture
	for class, name := range fashion.Classes {
		i := slices.Index(set.Labels, class)
		all = append(all, picture{fmt.Sprintf("test image %d: %s", i, name), name, func() (*image.Image, error) {
			return &image.Image{Pixels: set.Image(i), Height: set.Height, Width: set.Width, Channels: set.Channels}, nil
		}})
	}
	return all
}

// mostStdin bounds what is read of a stream without an end.
const mostStdin = 1 << 29

func fromStdin() (*image.Image, error) {
	m, err := image.Decode(io.LimitReader(os.Stdin, mostStdin))
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return m, nil
}

func fromFile(path string) picture {
	return picture{name: path, load: func() (*image.Image, error) { return image.Load(path) }}
}

func broken(path string, err error) picture {
	return picture{name: path, load: func() (*image.Image, error) { return nil, err }}
}

// endings are those of pictures, which a folder is searched for.
var endings = []string{".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"}

// walk lists the pictures in a folder and in those below it, but not hidden ones. Links to folders are not followed.
func walk(folder string) (all []picture) {
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		hidden := path != folder && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			all = append(all, broken(path, err))
		case d.IsDir() && hidden:
			return fs.SkipDir
		case !d.IsDir() && !hidden && slices.Contains(endings, strings.ToLower(filepath.Ext(path))):
			all = append(all, fromFile(path))
		}
		return nil
	})
	if len(all) == 0 {
		all = append(all, broken(folder, fmt.Errorf("%s: no picture in this folder: none ends in %s", folder, strings.Join(endings, ", "))))
	}
	return all
}
