package classifier

import (
	"cmp"
	"fmt"

	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/weights/onnx"
)

// openONNX loads the net in an ONNX file. Sides of images that the file leaves open are those of ImageNet's.
func openONNX(path string) (*Model, error) {
	net, err := onnx.Load(path)
	if err != nil {
		return nil, err
	}
	shape := net.InputShape()
	if len(shape) != 4 {
		return nil, fmt.Errorf("%s: the net takes %v, not images", path, shape)
	}
	m := &Model{Net: net, Batch: shape[0], Probabilities: net.Probabilities(), fixed: shape[1] > 0 && shape[2] > 0}
	m.In = resnet.Shape{Height: cmp.Or(shape[1], 224), Width: cmp.Or(shape[2], 224), Channels: shape[3]}
	rows := cmp.Or(m.Batch, 1)
	out, err := net.Check(rows, m.In.Height, m.In.Width, m.In.Channels)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(out) == 4 && out[1]*out[2] == 1 { // maps of a pixel, as SqueezeNet ends
		out = []int{out[0], out[3]}
	}
	if len(out) != 2 || out[0] != rows {
		return nil, fmt.Errorf("%s: the net gives %v for %d images, and a classifier gives [%[3]d classes]", path, out, rows)
	}
	m.Classes = out[1]
	m.note("net: %s, of ONNX: images of %v, %d classes", path, m.In, m.Classes)
	for _, note := range net.Notes {
		m.note("  %s", note)
	}
	return m, nil
}
