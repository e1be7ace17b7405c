package main

import (
	"fmt"
	stdimage "image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/fashion"
)

// kinds are the classes of the sample, of each class of Fashion-MNIST.
var kinds = [10]string{"top", "trousers", "top", "dress", "top", "shoe", "top", "shoe", "bag", "shoe"}

// Pictures of each kind in the sample.
const (
	toLearn   = 10
	toExamine = 100
)

// writeSample writes the folders train and val, of images that no folder shares: of the training and of the test images
// of Fashion-MNIST, inverted and turned by a quarter. The net of clothes has seen the former upright and on black.
func writeSample(dir string) error {
	images := fashion.Embedded()
	if err := writeFolder(filepath.Join(dir, "train"), images.Train, toLearn); err != nil {
		return err
	}
	return writeFolder(filepath.Join(dir, "val"), images.Test, toExamine)
}

func writeFolder(dir string, set *data.Dataset, each int) error {
	written := map[string]int{}
	for i, label := range set.Labels {
		kind := kinds[label]
		if written[kind] == each {
			continue
		}
		folder := filepath.Join(dir, kind)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := writePicture(filepath.Join(folder, fmt.Sprintf("%03d.png", written[kind])), set, i); err != nil {
			return err
		}
		written[kind]++
	}
	return nil
}

func writePicture(path string, set *data.Dataset, i int) error {
	m, pixels := stdimage.NewGray(stdimage.Rect(0, 0, set.Height, set.Width)), set.Image(i)
	for p, v := range pixels {
		y, x := p/set.Width, p%set.Width
		m.SetGray(set.Height-1-y, x, color.Gray{Y: 255 - v})
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(f, m); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
