// Package classifier opens what the examples classify pictures with: a net of any file that the library reads, how a picture
// becomes its input, and what its outputs mean. What a file does not say is assumed, and noted.
package classifier

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/clothes"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/weights"
)

// Model is a net with what makes pictures of its input and names of its output.
type Model struct {
	Net           nn.Module
	In            resnet.Shape // of the images that it is given
	Classes       int
	Batch         int       // of which size all batches must be, or 0
	Probabilities bool      // the net gives these, and not logits
	Card          data.Card // normalisation and names of the classes, of the file or of the options
	Notes         []string  // what the user should know of it

	fixed     bool // the net takes images of no other height and width
	described bool // its file is of this library: what that does not say of pictures is not assumed
	resize    int  // pixels of a picture's shorter side
	filter    image.Filter
}

// Options says what is opened.
type Options struct {
	Net     string // file; without it the net in package clothes
	Classes string // file with the names of the classes, a line each
	Preset  string // how pictures become inputs, by the name of published weights
}

// Open loads a net.
func Open(o Options) (m *Model, err error) {
	switch {
	case o.Net == "":
		m, err = ownModel()
	case strings.HasSuffix(o.Net, ".onnx"):
		m, err = openONNX(o.Net)
	default:
		var net *resnet.Net
		var card data.Card
		if net, card, err = resnet.Load(o.Net); err != nil {
			break
		}
		m = modelOf(net, card)
		m.note("net: %s", o.Net)
		if r := net.Recognised(); r != nil {
			m.note("%s", "  "+strings.ReplaceAll(r.String(), "\n", "\n  "))
		} else {
			m.note("  %v", net.Config())
		}
	}
	if err != nil {
		return nil, err
	}
	if err := m.prepare(o); err != nil {
		return nil, err
	}
	return m, m.nameClasses(o)
}

// ownModel returns the net that is part of the program.
func ownModel() (*Model, error) {
	file, err := weights.Read(bytes.NewReader(clothes.Net), int64(len(clothes.Net)))
	if err != nil {
		return nil, err
	}
	net, card, err := resnet.FromFile(file)
	if err != nil {
		return nil, err
	}
	m := modelOf(net, card)
	m.note("net: the one in this program, which knows clothes: %v", net.Config())
	return m, nil
}

func modelOf(net *resnet.Net, card data.Card) *Model {
	c := net.Config()
	return &Model{Net: net, In: c.Image, Classes: c.Classes, Card: card, fixed: c.Kind == resnet.VGG, described: net.Recognised() == nil}
}

func (m *Model) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

func (m *Model) nameClasses(o Options) (err error) {
	n := m.Classes
	if o.Classes != "" {
		if m.Card.Classes, err = program.Names(o.Classes); err != nil {
			return err
		}
		if len(m.Card.Classes) != n {
			return fmt.Errorf("%s has the names of %d classes, the net has %d", o.Classes, len(m.Card.Classes), n)
		}
	}
	if m.Card.Classes == nil {
		var known bool
		if m.Card.Classes, known = usualNames(n); known {
			m.note("classes: ImageNet's, which is assumed of 1000: -classes names others")
		} else {
			m.note("classes: %d without names, which -classes can give", n)
		}
	}
	return nil
}

// imageNet is the preset of a net that does not say what it wants: nearly all published ones do.
const imageNet = "IMAGENET1K_V1"

// prepare decides how a picture becomes an input: by the preset that o names, by the card, or as usual.
func (m *Model) prepare(o Options) error {
	in := m.In
	if in.Channels != 1 && in.Channels != 3 {
		return fmt.Errorf("the net takes images of %d channels, and pictures have 1 or 3", in.Channels)
	}
	m.resize = max(in.Height, in.Width)
	usual, err := image.PresetOf(imageNet)
	if err != nil {
		return err
	}
	why, preset := "as the file says", cmp.Or(o.Preset, m.Card.Preset)
	switch {
	case preset != "":
		p, err := image.PresetOf(preset)
		if err != nil {
			return err
		}
		if in.Channels != len(p.Norm.Mean) {
			return fmt.Errorf("preset %s is for colours, the net takes grey images", preset)
		}
		if m.fixed && (p.Crop != in.Height || p.Crop != in.Width) {
			return fmt.Errorf("preset %s is for images of %dx%[2]d, the net takes %v", preset, p.Crop, in)
		}
		m.use(p)
		why = "as of " + preset
	case m.described: // the card counts, even if it has no normalisation
	case in.Channels == 1:
		why = "as assumed, for want of -preset or a file that says it"
	case in.Height == usual.Crop && in.Width == usual.Crop:
		m.use(usual)
		why = "as of " + imageNet + ", which is assumed: -preset names another"
	default:
		m.Card.Norm = usual.Norm
		why = "as assumed, by mean and deviation of ImageNet's colours, which most nets have"
	}
	m.note("pictures: shorter side to %d pixels (%v), %dx%d from the middle, normalised by mean %v, deviation %v; %s",
		m.resize, m.filter, m.In.Height, m.In.Width, m.Card.Norm.Mean, m.Card.Norm.Std, why)
	return nil
}

func (m *Model) use(p image.Preset) {
	m.resize, m.filter, m.Card.Norm = p.Resize, p.Filter, p.Norm
	m.In.Height, m.In.Width = p.Crop, p.Crop
}

// Input writes the net's input of a picture into dst, which has room for just that.
func (m *Model) Input(dst []float32, picture *image.Image) {
	if m.In.Channels == 1 {
		picture = picture.Grey()
	}
	cut := picture.Cut(m.resize, m.In.Height, m.In.Width, m.filter)
	m.Card.Norm.Apply(dst, cut.Pixels, m.In.Channels)
}
