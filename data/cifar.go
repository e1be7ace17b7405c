package data

import (
	"fmt"
	"io/fs"
)

// The binary version of CIFAR-10 (Alex Krizhevsky, "Learning Multiple Layers of Features from Tiny
// Images", 2009): records of one label byte and three 32x32 planes, red, green, blue.
const (
	cifarSide   = 32
	cifarRecord = 1 + 3*cifarSide*cifarSide
	cifarImages = 10000 // in each file
)

// LoadCIFAR10Train reads the training images, data_batch_1.bin to data_batch_5.bin of
// cifar-10-binary.tar.gz, from fsys. A file that is empty, cut in the middle of an image or longer
// than 10000 images and a label over 9 are a [*FormatError] that names the file.
func LoadCIFAR10Train(fsys fs.FS) (*Dataset, error) {
	all := &Dataset{Height: cifarSide, Width: cifarSide, Channels: 3, Classes: 10}
	for i := range 5 {
		part, err := loadCIFAR(fsys, fmt.Sprintf("data_batch_%d.bin", i+1))
		if err != nil {
			return nil, err
		}
		all.Pixels = append(all.Pixels, part.Pixels...)
		all.Labels = append(all.Labels, part.Labels...)
	}
	return all, nil
}

// LoadCIFAR10Test reads the test images, test_batch.bin, as LoadCIFAR10Train reads the others.
func LoadCIFAR10Test(fsys fs.FS) (*Dataset, error) { return loadCIFAR(fsys, "test_batch.bin") }

func loadCIFAR(fsys fs.FS, name string) (*Dataset, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	defer f.Close()
	raw, err := readUpTo(f, cifarImages*cifarRecord+1)
	if err != nil {
		return nil, fmt.Errorf("data: %s: %w", name, err)
	}
	if n := len(raw); n == 0 || n%cifarRecord != 0 || n > cifarImages*cifarRecord {
		return nil, &FormatError{name, fmt.Sprintf("%d bytes or more: not 1 to %d images of %d", n, cifarImages, cifarRecord), nil}
	}
	return decodeCIFAR(name, raw)
}

func decodeCIFAR(name string, raw []byte) (*Dataset, error) {
	const area = cifarSide * cifarSide
	n := len(raw) / cifarRecord
	labels := make([]uint8, n)
	pixels := make([]uint8, n*3*area)
	for i := range n {
		record := raw[i*cifarRecord : (i+1)*cifarRecord]
		labels[i] = record[0]
		planes, image := record[1:], pixels[i*3*area:(i+1)*3*area]
		for p := range area {
			for c := range 3 {
				image[3*p+c] = planes[c*area+p]
			}
		}
	}
	ints, err := checkLabels(name, labels, 10)
	if err != nil {
		return nil, err
	}
	return New(Dataset{Height: cifarSide, Width: cifarSide, Channels: 3, Classes: 10, Pixels: pixels, Labels: ints})
}
