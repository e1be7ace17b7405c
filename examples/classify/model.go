package main

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/clothes"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
)

// model is a net with what makes pictures of its input and names of its output.
type model struct {
	net           nn.Module
	in            resnet.Shape // of the images that it takes
	fixed         bool         // of no other height and width
	classes       int
	batch         int       // of which size all batches must be, or 0
	probabilities bool      // the net gives these, and not logits
	described     bool      // its file is of this library: what that does not say of pictures is not assumed
	card          data.Card // normalisation and classes, of the file or of the flags
	resize        int       // pixels of a picture's shorter side
	height, width int       // of what is cut out of its middle
	filter        image.Filter
	notes         []string // what the user should know of it
}

// openModel loads the net that cfg asks for.
func openModel(cfg config) (m *model, err error) {
	switch {
	case cfg.net == "":
		m, err = ownModel()
	case strings.HasSuffix(cfg.net, ".onnx"):
		m, err = openONNX(cfg.net)
	default:
		var net *resnet.Net
		var card data.Card
		if net, card, err = resnet.Load(cfg.net); err != nil {
			break
		}
		m = modelOf(net, card)
		m.note("net: %s", cfg.net)
		if r := net.Recognised(); r != nil {
			m.note("%s", "  "+strings.ReplaceAll(r.String(), "\n", "\n  "))
		} else {
			m.note("  %v", net.Config())
		}
	}
	if err != nil {
		return nil, err
	}
	if err := m.prepare(cfg); err != nil {
		return nil, err
	}
	return m, m.nameClasses(cfg)
}

// ownModel returns the net that is part of the program.
func ownModel() (*model, error) {
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

func modelOf(net *resnet.Net, card data.Card) *model {
	c := net.Config()
	return &model{net: net, in: c.Image, fixed: c.Kind == resnet.VGG, classes: c.Classes, described: net.Recognised() == nil, card: card}
}

func (m *model) note(format string, args ...any) {
	m.notes = append(m.notes, fmt.Sprintf(format, args...))
}

func (m *model) nameClasses(cfg config) (err error) {
	n := m.classes
	if cfg.classes != "" {
		if m.card.Classes, err = program.Names(cfg.classes); err != nil {
			return err
		}
		if len(m.card.Classes) != n {
			return fmt.Errorf("%s has the names of %d classes, the net has %d", cfg.classes, len(m.card.Classes), n)
		}
	}
	if m.card.Classes == nil {
		var known bool
		if m.card.Classes, known = usualNames(n); known {
			m.note("classes: ImageNet's, which is assumed of 1000: -classes names others")
		} else {
			m.note("classes: %d without names, which -classes can give", n)
		}
	}
	return nil
}

// imageNet is the preset of a net that does not say what it wants: nearly all published ones do.
const imageNet = "IMAGENET1K_V1"

// prepare decides how a picture becomes an input: by the preset that cfg names, by the card, or as usual.
func (m *model) prepare(cfg config) error {
	in := m.in
	if in.Channels != 1 && in.Channels != 3 {
		return fmt.Errorf("the net takes images of %d channels, and pictures have 1 or 3", in.Channels)
	}
	m.height, m.width, m.resize = in.Height, in.Width, max(in.Height, in.Width)
	usual, err := image.PresetOf(imageNet)
	if err != nil {
		return err
	}
	why, preset := "as the file says", cmp.Or(cfg.preset, m.card.Preset)
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
		m.card.Norm = usual.Norm
		why = "as assumed, by mean and deviation of ImageNet's colours, which most nets have"
	}
	m.note("pictures: shorter side to %d pixels (%v), %dx%d from the middle, normalised by mean %v, deviation %v; %s",
		m.resize, m.filter, m.height, m.width, m.card.Norm.Mean, m.card.Norm.Std, why)
	return nil
}

func (m *model) use(p image.Preset) {
	m.resize, m.filter, m.card.Norm = p.Resize, p.Filter, p.Norm
	m.height, m.width = p.Crop, p.Crop
}

// answer is what the net says of a picture.
type answer struct {
	name   string
	label  string // what it is, where that is known
	err    error  // why there are no classes
	likely []likely
}

// likely is a class and how probable it is.
type likely struct {
	Class       string  `json:"class"`
	Index       int     `json:"index"`
	Probability float32 `json:"probability"`
}

// classify returns the likeliest classes of each picture. Those that can be read go through the net together.
func (m *model) classify(pictures []picture, top int) []answer {
	answers := make([]answer, len(pictures))
	pixels := m.load(pictures, answers)
	var readable []int
	for i, a := range answers {
		if a.err == nil {
			readable = append(readable, i)
		}
	}
	channels := m.in.Channels
	x := tensor.New(len(readable), m.height, m.width, channels)
	for row, i := range readable {
		m.card.Norm.Apply(x.Slice(row, row+1).Data(), pixels[i], channels)
	}
	probabilities := m.forward(x)
	if !m.probabilities {
		probabilities = tensor.Softmax(nil, probabilities)
	}
	for row, i := range readable {
		a := &answers[i]
		a.likely = m.rank(probabilities.Slice(row, row+1).Data(), top)
		if a.likely == nil {
			a.err = fmt.Errorf("%s: the net gives no numbers for it, but NaN or infinity", a.name)
		}
	}
	return answers
}

// forward returns the net's output for images x, in batches of the one size that the net takes, if it takes one only.
func (m *model) forward(x *tensor.Tensor) *tensor.Tensor {
	if m.batch == 0 {
		return m.net.Forward(autograd.Const(x)).Value()
	}
	n := x.Dim(0)
	y := tensor.New(n, m.classes)
	for lo := 0; lo < n; lo += m.batch {
		hi := min(lo+m.batch, n)
		part := tensor.New(m.batch, m.height, m.width, m.in.Channels)
		copy(part.Data(), x.Slice(lo, hi).Data())
		out := m.net.Forward(autograd.Const(part)).Value()
		copy(y.Slice(lo, hi).Data(), out.Data())
	}
	return y
}

// load reads and cuts pictures, as many at a time as there are processors, and writes names and errors into answers.
func (m *model) load(pictures []picture, answers []answer) [][]uint8 {
	pixels := make([][]uint8, len(pictures))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for i, p := range pictures {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			answers[i].name, answers[i].label = p.name, p.label
			photo, err := p.load()
			if err != nil {
				answers[i].err = err
				return
			}
			if m.in.Channels == 1 {
				photo = photo.Grey()
			}
			pixels[i] = photo.Cut(m.resize, m.height, m.width, m.filter).Pixels
		})
	}
	all.Wait()
	return pixels
}

// rank returns the top classes, the likeliest first, or nil if a probability is no number.
func (m *model) rank(probabilities []float32, top int) []likely {
	var ranked []likely
	for i, p := range probabilities {
		if math.IsNaN(float64(p)) {
			return nil
		}
		ranked = append(ranked, likely{m.card.Class(i), i, p})
	}
	slices.SortStableFunc(ranked, func(a, b likely) int {
		switch {
		case a.Probability > b.Probability:
			return -1
		case a.Probability < b.Probability:
			return 1
		}
		return 0
	})
	return ranked[:min(top, len(ranked))]
}
