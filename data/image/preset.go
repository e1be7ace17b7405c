package image

import (
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// Preset says how a picture becomes what a network was trained for: its shorter side is resized to Resize pixels, the
// middle is cut out, and bytes are normalised.
type Preset struct {
	Resize int    // pixels of the shorter side; 0 leaves the size
	Crop   int    // pixels of both sides of what is cut out
	Filter Filter // of the resizing
	Norm   data.Norm
}

var (
	imageNet = data.Norm{Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225}}
	half     = data.Norm{Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.5, 0.5, 0.5}}
)

// PresetOf returns the preset of published weights, as torchvision and timm prepare pictures for their evaluation. The name
// is that of the architecture and that of the weights: "resnet50.IMAGENET1K_V2" of torchvision, "resnet50.a1_in1k" of timm.
// "IMAGENET1K_V1" alone is what nearly all weights of that name have, 256 and 224 pixels and bilinear, and
// "IMAGENET1K_V2" has 232 and 224. A name that is not known is an error.
func PresetOf(weights string) (Preset, error) {
	name := weights
	if strings.HasPrefix(name, "IMAGENET1K_") {
		name = "resnet50." + name
	}
	for _, row := range presetTable {
		for known := range strings.FieldsSeq(row.weights) {
			if known == name {
				return row.Preset, nil
			}
		}
	}
	return Preset{}, fmt.Errorf("image: PresetOf: no preset for %q: want a name such as resnet50.IMAGENET1K_V2 or resnet50.a1_in1k", weights)
}

// Cut returns the bytes that the network sees of m, Crop x Crop pixels: those of ShortSide and CentreCrop, of which no more
// is computed.
func (p Preset) Cut(m *Image) *Image { return m.Cut(p.Resize, p.Crop, p.Crop, p.Filter) }

// Tensor returns images as a batch [N, Crop, Crop, 3]. On the bytes that Pillow decodes it has the bits of torchvision's
// and timm's transforms of PIL images. Of a JPEG, which [Decode] rounds otherwise, some values are off by 1 or 2 of 255, which
// is 0.035 at most after division by Std: 3 % of those of the JPEG of TestPresetOfAJPEG. It panics unless all have three
// channels.
func (p Preset) Tensor(images ...*Image) *tensor.Tensor {
	x := tensor.New(len(images), p.Crop, p.Crop, 3)
	for i, m := range images {
		if m.Channels != 3 {
			panic(fmt.Sprintf("image: Preset.Tensor: image %d has %d channels: want 3", i, m.Channels))
		}
		p.Norm.Apply(x.Slice(i, i+1).Data(), p.Cut(m).Pixels, 3)
	}
	return x
}
