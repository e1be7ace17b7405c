// Package fashion provides Fashion-MNIST: 28x28 grey images of clothes in ten classes (Xiao, Rasul,
// Vollgraf 2017, arXiv:1708.07747), as a subset that is part of the binary and as the whole set
// where its files are at hand. Copyright 2017 Zalando SE, MIT licence; see the file NOTICE.
package fashion

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/residuum-go/residuum/data"
)

//go:generate go run ./gen

// SystemDir is where the Debian package dataset-fashion-mnist puts the whole set.
const SystemDir = "/usr/share/datasets/fashion-mnist"

// Classes names the classes in the order of their labels.
var Classes = [10]string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"}

// Split is a training and a test set that have no image in common.
type Split struct {
	Train, Test *data.Dataset
	Source      string // where it is from, for people to read
}

//go:embed train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz
//go:embed test-images-idx3-ubyte.gz test-labels-idx1-ubyte.gz NOTICE
var embedded embed.FS

// Embedded returns the subset that is part of the binary: 1000 training and 200 test images of
// each class.
func Embedded() Split {
	s, err := open(embedded, "test-")
	if err != nil {
		panic(fmt.Sprintf("fashion: embedded files: %v", err)) // a build that its tests would have caught
	}
	s.Source = "Fashion-MNIST, embedded subset"
	return s
}

// Load returns the whole set of 60000 training and 10000 test images from the folder dir, which
// holds the four files of the original under their names, gzipped or without .gz. If dir is empty
// it is SystemDir, and where that does not exist Load returns Embedded. Files that are missing or
// damaged are an error in either folder, never a reason to take another source.
func Load(dir string) (Split, error) {
	if dir == "" {
		if _, err := os.Stat(SystemDir); errors.Is(err, fs.ErrNotExist) {
			return Embedded(), nil
		}
		dir = SystemDir
	}
	s, err := open(os.DirFS(dir), "t10k-")
	if err != nil {
		return Split{}, fmt.Errorf("fashion: folder %s: %w", dir, err)
	}
	s.Source = "Fashion-MNIST, " + dir
	return s, nil
}

func open(fsys fs.FS, test string) (s Split, err error) {
	if s.Train, err = openPart(fsys, "train-"); err != nil {
		return s, err
	}
	s.Test, err = openPart(fsys, test)
	return s, err
}

func openPart(fsys fs.FS, prefix string) (*data.Dataset, error) {
	names := [2]string{prefix + "images-idx3-ubyte", prefix + "labels-idx1-ubyte"}
	for i, name := range names {
		if _, err := fs.Stat(fsys, name); errors.Is(err, fs.ErrNotExist) {
			names[i] += ".gz"
		}
	}
	d, err := data.LoadIDX(fsys, names[0], names[1], len(Classes))
	if err == nil && (d.Height != 28 || d.Width != 28) {
		err = &data.FormatError{File: names[0], Reason: fmt.Sprintf("images of %dx%d pixels, expected 28x28", d.Height, d.Width)}
	}
	return d, err
}
