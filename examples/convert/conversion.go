package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/data/image"
	"github.com/residuum-go/residuum/examples/internal/program"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/resnet"
	"github.com/residuum-go/residuum/tensor"
	"github.com/residuum-go/residuum/weights"
	"github.com/residuum-go/residuum/weights/onnx"
)

// conversion is what was read, and what is written of it.
type conversion struct {
	from string
	file *weights.File
	onnx *onnx.Net // what an ONNX file computes
	lost []string  // tensors of types that are not converted

	net     *resnet.Net // nil for a file that is of none, and then unknown says why
	card    data.Card
	unknown error
}

func read(cfg config) (*conversion, error) {
	c, err := open(cfg)
	if err != nil {
		return nil, err
	}
	file := c.file
	if cfg.shortcut == "" {
		c.net, c.card, c.unknown = resnet.FromFile(file)
	} else if c.net, err = withShortcut(file, resnet.Shortcut(cfg.shortcut)); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.from, err)
	}
	if c.onnx != nil && c.net != nil {
		if err := c.settle(cfg); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(file.Unsupported)) {
		c.lost = append(c.lost, fmt.Sprintf("%s (%s)", name, file.Unsupported[name]))
	}
	file.Unsupported = nil
	return c, c.describe(cfg)
}

// open reads what the file holds.
func open(cfg config) (*conversion, error) {
	if !isONNX(cfg.from) {
		file, err := weights.LoadPart(cfg.from, cfg.part)
		return &conversion{from: cfg.from, file: file}, err
	}
	if cfg.part != "" {
		return nil, fmt.Errorf("%s: part %q of an ONNX file, which has no parts", cfg.from, cfg.part)
	}
	net, err := onnx.Load(cfg.from)
	if err != nil {
		return nil, err
	}
	state := weights.FromState(nn.State(net))
	file := &weights.File{Tensors: state, Types: map[string]int{"F32": len(state)}} // whatever they are in the file
	return &conversion{from: cfg.from, file: file, onnx: net}, nil
}

func isONNX(path string) bool { return strings.EqualFold(filepath.Ext(path), ".onnx") }

// writers write formats that hold tensors alone.
var writers = map[string]func(string, *weights.File) error{".npz": weights.SaveNPZ, ".pth": weights.SaveTorch, ".pt": weights.SaveTorch}

// writer returns the one for a path, nil for other formats.
func writer(path string) func(string, *weights.File) error {
	return writers[strings.ToLower(filepath.Ext(path))]
}

// settle holds the net that the tensors fit to what the ONNX file computes. Unless the user says how shortcuts pad, both ways
// are tried.
func (c *conversion) settle(cfg config) error {
	err := c.agrees(c.onnx)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("it fits %v, but computes otherwise: %w", c.net.Config(), err)
	if cfg.shortcut != "" {
		return fmt.Errorf("%s: %w", cfg.from, err)
	}
	for _, s := range []resnet.Shortcut{resnet.OptionA, resnet.OptionACentred} {
		net, e := withShortcut(c.file, s)
		if e != nil {
			break // its shortcuts have weights
		}
		if c.net = net; c.agrees(c.onnx) == nil {
			return nil
		}
	}
	c.net, c.card, c.unknown = nil, data.Card{}, err
	return nil
}

// withShortcut builds the net of a file that does not describe itself, when the user knows better how it pads.
func withShortcut(file *weights.File, s resnet.Shortcut) (*resnet.Net, error) {
	r, err := resnet.Recognise(file)
	if err != nil {
		return nil, err
	}
	if r.Config.Shortcut != resnet.OptionA && r.Config.Shortcut != resnet.OptionACentred {
		return nil, fmt.Errorf("-shortcut is %q, but the file has weights for its shortcuts, which are of option %s", s, r.Config.Shortcut)
	}
	r.Config.Shortcut = s
	r.Assumed = slices.DeleteFunc(r.Assumed, func(a string) bool { return strings.Contains(a, "Config.Shortcut") })
	return r.Net()
}

// describe completes the card by the flags.
func (c *conversion) describe(cfg config) (err error) {
	if cfg.classes == "" && cfg.preset == "" {
		return nil
	}
	if c.net == nil {
		return fmt.Errorf("%s: -classes and -preset describe nets, and this is none of package resnet: %w", c.from, c.unknown)
	}
	if cfg.classes != "" {
		if c.card.Classes, err = program.Names(cfg.classes); err != nil {
			return err
		}
	}
	if cfg.preset != "" {
		p, err := image.PresetOf(cfg.preset)
		if err != nil {
			return err
		}
		c.card.Norm = p.Norm
		if in := c.net.Config().Image; 2*in.Height >= p.Crop { // a net for small images takes the colours only
			c.card.Preset = cfg.preset
		}
	}
	return c.card.Check(c.net.Config().Image.Channels, c.net.Config().Classes)
}

// summary tells what was read, a line for each thing.
func (c *conversion) summary() string {
	var b strings.Builder
	row := func(label, format string, args ...any) {
		text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n         ")
		fmt.Fprintf(&b, "%-9s%s\n", label, text)
	}
	var types []string
	for _, t := range slices.Sorted(maps.Keys(c.file.Types)) {
		types = append(types, fmt.Sprintf("%d of %s", c.file.Types[t], t))
	}
	row("read", "%s%s", c.from, strings.TrimSuffix(", part "+c.file.Part, ", part "))
	row("tensors", "%d, %s; %s numbers", len(c.file.Tensors), cmp.Or(strings.Join(types, ", "), "none"),
		program.Thousands(int(c.file.Elements())))
	if len(c.lost) > 0 {
		row("left out", "%d of types that are not converted: %s", len(c.lost), strings.Join(c.lost, ", "))
	}
	if c.net == nil {
		row("net", "not recognised, so tensors keep their names: %v", c.unknown)
		return b.String()
	}
	if r := c.net.Recognised(); r != nil {
		row("net", "%v", r)
	} else {
		row("net", "%v, as the file says", c.net.Config())
	}
	row("classes", "%d, %s", c.net.Config().Classes, cmp.Or(strings.Join(c.card.Classes, ", "), "without names: -classes can give them"))
	if c.card.Norm.Mean == nil {
		row("images", "without a normalisation: -preset can give it")
	} else {
		row("images", "normalised by mean %v, deviation %v%s", c.card.Norm.Mean, c.card.Norm.Std,
			strings.TrimSuffix("; prepared as for "+c.card.Preset, "; prepared as for "))
	}
	return b.String()
}

func (c *conversion) write(path string) error {
	switch {
	case c.net == nil && isONNX(path):
		return fmt.Errorf("an ONNX file holds a net, and %s is none of package resnet: %w", c.from, c.unknown)
	case isONNX(path):
		in := c.net.Config().Image
		return onnx.Save(path, c.net, in.Height, in.Width, in.Channels)
	case writer(path) != nil:
		return writer(path)(path, c.tensors())
	case c.net != nil:
		return c.net.Save(path, c.card)
	}
	return weights.Save(path, c.file)
}

// tensors returns what is written where a file does not describe its net.
func (c *conversion) tensors() *weights.File {
	if c.net == nil {
		return c.file
	}
	return &weights.File{Tensors: weights.FromState(nn.State(c.net))}
}

// check reads the new file and compares it with what was read. It returns what agrees.
func (c *conversion) check(ctx context.Context, path string) (string, error) {
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if c.net == nil || writer(path) != nil {
		again, err := weights.Load(path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("all %s numbers are the same", program.Thousands(int(again.Elements()))), sameTensors(c.tensors(), again)
	}
	if isONNX(path) {
		again, err := onnx.Load(path)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("the logits of %d images of noise agree within %g", images, tolerance), c.agrees(again)
	}
	again, _, err := resnet.Load(path)
	if err != nil {
		return "", err
	}
	in := c.net.Config().Image
	x := noise(images, in.Height, in.Width, in.Channels)
	if !sameBits(c.net.Forward(x).Value(), again.Forward(x).Value()) {
		return "", errors.New("other logits for the same images")
	}
	return fmt.Sprintf("the logits of %d images of noise have the same bits", images), nil
}

const (
	images    = 2
	tolerance = 1e-4 // of the largest logit, where another program orders its sums
)

func noise(shape ...int) *autograd.Var {
	x := tensor.New(shape...)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64())
	}
	return autograd.Const(x)
}

// agrees compares the net with that of an ONNX file, on images of the size that the file wants.
func (c *conversion) agrees(other *onnx.Net) error {
	cfg := c.net.Config()
	shape := other.InputShape()
	if len(shape) != 4 || shape[3] != cfg.Image.Channels {
		return fmt.Errorf("images %v in the ONNX file", shape)
	}
	for i, n := range []int{images, cfg.Image.Height, cfg.Image.Width} {
		shape[i] = cmp.Or(shape[i], n)
	}
	out, err := other.Check(shape...)
	if err != nil {
		return err
	}
	if !slices.Equal(out, []int{shape[0], cfg.Classes}) {
		return fmt.Errorf("the ONNX file gives %v for %d classes", out, cfg.Classes)
	}
	x := noise(shape...)
	want, got := c.net.Forward(x).Value().Data(), other.Forward(x).Value().Data()
	var largest, worst float64
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		worst = max(worst, math.Abs(float64(want[i]-got[i])))
	}
	if !(worst <= tolerance*largest) { // NaN, too
		return fmt.Errorf("logits of up to %.3g differ by %.3g", largest, worst)
	}
	return nil
}

func sameTensors(a, b *weights.File) error {
	if len(a.Tensors) != len(b.Tensors) {
		return fmt.Errorf("%d tensors instead of %d", len(b.Tensors), len(a.Tensors))
	}
	for name, t := range a.Tensors {
		if u := b.Tensors[name]; u == nil || !slices.Equal(t.Shape(), u.Shape()) || !sameBits(t, u) {
			return fmt.Errorf("tensor %q is another", name)
		}
	}
	return nil
}

// sameBits compares numbers, of which NaN may be some.
func sameBits(a, b *tensor.Tensor) bool {
	return slices.EqualFunc(a.Data(), b.Data(), func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}
