package main

import (
	"cmp"
	"fmt"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/weights/onnx"
)

// openONNX loads the net in an ONNX file. Sides of images that the file leaves open are those of ImageNet's.
func openONNX(path string) (*model, error) {
	net, err := onnx.Load(path)
	if err != nil {
		return nil, err
	}
	shape := net.InputShape()
	if len(shape) != 4 {
		return nil, fmt.Errorf("%s: the net takes %v, not images", path, shape)
	}
	m := &model{net: net, fixed: shape[1] > 0 && shape[2] > 0, probabilities: net.Probabilities()}
	m.in = resnet.Shape{Height: cmp.Or(shape[1], 224), Width: cmp.Or(shape[2], 224), Channels: shape[3]}
	m.batch = shape[0]
	rows := cmp.Or(m.batch, 1)
	out, err := net.Check(rows, m.in.Height, m.in.Width, m.in.Channels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(out) != 2 || out[0] != rows {
		return nil, fmt.Errorf("%s: the net gives %v for %d images, and a classifier gives [%[3]d classes]", path, out, rows)
	}
	m.classes = out[1]
	m.note("net: %s, of ONNX: images of %v, %d classes", path, m.in, m.classes)
	for _, note := range net.Notes {
		m.note("  %s", note)
	}
	return m, nil
}
