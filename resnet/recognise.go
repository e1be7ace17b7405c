package resnet

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/weights"
)

// Recognised is the net that a file of weights seems to hold, as [Recognise] finds it.
type Recognised struct {
	// Config is what names and shapes of the tensors tell, and what was assumed where they do not. It may be changed before
	// Net.
	Config Config
	// Part is which dictionary of a PyTorch file with several was taken, see [weights.File].
	Part string
	// Prefix is what was taken off all names, such as "module.".
	Prefix string
	// Naming is the library by whose names the file has its tensors.
	Naming weights.Naming
	// Renamed are layers that the file calls otherwise than this package: "linear is fc".
	Renamed []string
	// Assumed says, in a sentence each, which fields of Config the file does not tell, and why they are what they are.
	Assumed []string

	file *weights.File // with the names of this package
}

// String returns the net in a line, and what was done and assumed in further ones.
func (r *Recognised) String() string {
	lines := []string{r.Config.String()}
	if r.Part != "" {
		lines = append(lines, fmt.Sprintf("taken from the file: %q", r.Part))
	}
	if r.Prefix != "" {
		lines = append(lines, fmt.Sprintf("taken off all names: %q", r.Prefix))
	}
	if r.Naming != weights.Torchvision {
		lines = append(lines, "names of "+string(r.Naming))
	}
	if n := len(r.Renamed); n > 4 {
		lines = append(lines, fmt.Sprintf("called otherwise: %s and %d more", strings.Join(r.Renamed[:3], ", "), n-3))
	} else if n > 0 {
		lines = append(lines, "called otherwise: "+strings.Join(r.Renamed, ", "))
	}
	for _, a := range r.Assumed {
		lines = append(lines, "assumed: "+a)
	}
	return strings.Join(lines, "\n")
}

// Recognise finds out which net of this package a file holds that others wrote, as for torchvision's nets and
// the CIFAR nets after them: from names and shapes it knows kind, blocks, widths, groups, shortcuts, classes and the
// channels of images. Some things they do not tell, such as anti-aliasing. Whether a shortcut without weights has its zero channels behind or on
// both sides is decided by the head's name, "linear" being that of nets that have them on both; where the stem's
// filters are larger than 3x3, it has stride 2 and a pooling, and images are 224x224. All such is in Assumed. A
// file of a net that this package does not have is an error, here or in [Recognised.Net].
//
//	r, err := resnet.Recognise(file)
//	fmt.Println(r)                     // what it is, and what was assumed
//	r.Config.Shortcut = resnet.OptionA // we know better
//	net, err := r.Net()
func Recognise(f *weights.File) (*Recognised, error) {
	r := &Recognised{Part: f.Part}
	r.file, r.Prefix = weights.Unwrap(f)
	r.file, r.Naming = weights.ToTorchvision(r.file)
	r.rename()
	find := r.residual
	if r.shape("features.0.weight") != nil {
		find = r.vgg
	}
	if err := find(); err != nil {
		return nil, fmt.Errorf("resnet: not a net of this package: %w", err)
	}
	return r, nil
}

// Net builds the net that Config describes and fills it. If they do not fit, the error is, by errors.As, a
// [*weights.Mismatch], and says which net would, as that of [Net.Assign] does.
func (r *Recognised) Net() (*Net, error) {
	n, err := r.fill()
	if err != nil {
		return nil, misfit(err, r.file)
	}
	found := *r
	found.file = nil // the net does not keep it in memory
	n.recognised = &found
	return n, nil
}

func (r *Recognised) fill() (*Net, error) {
	n, err := build(r.Config, 2*r.file.Elements()+1<<16) // if tensors are missing, Assign says which
	if err != nil {
		return nil, err
	}
	return n, weights.Assign(nn.State(n), r.file)
}

// shape returns that of a tensor of the file, nil if there is none.
func (r *Recognised) shape(name string) []int {
	if t := r.file.Tensors[name]; t != nil {
		return t.Shape()
	}
	return nil
}

// filters returns the shape of a convolution's weights: out, in and the side of its filters.
func (r *Recognised) filters(layer string) (out, in, side int, err error) {
	s := r.shape(layer + ".weight")
	if s == nil {
		return 0, 0, 0, fmt.Errorf("%s.weight is missing", layer)
	}
	if len(s) != 4 || s[2] != s[3] || slices.Min(s) < 1 {
		return 0, 0, 0, fmt.Errorf("%s.weight is %v, want square filters", layer, s)
	}
	return s[0], s[1], s[2], nil
}

// assume keeps a sentence for Assumed.
func (r *Recognised) assume(format string, args ...any) {
	r.Assumed = append(r.Assumed, fmt.Sprintf(format, args...))
}

var blockName = regexp.MustCompile(`^layer(\d{1,3})\.(\d{1,5})\.`)

// blocks counts those of each stage.
func (r *Recognised) blocks() (blocks []int) {
	found := map[[2]int]bool{}
	for name := range r.file.Tensors {
		if m := blockName.FindStringSubmatch(name); m != nil {
			stage, _ := strconv.Atoi(m[1])
			index, _ := strconv.Atoi(m[2])
			found[[2]int{stage, index}] = true
		}
	}
	for found[[2]int{len(blocks) + 1, 0}] {
		n := 1
		for found[[2]int{len(blocks) + 1, n}] {
			n++
		}
		blocks = append(blocks, n)
	}
	return blocks
}

// residual recognises the nets of He et al.
func (r *Recognised) residual() error {
	c := &r.Config
	*c = Config{Kind: Original, Blocks: r.blocks()}
	if c.Blocks == nil {
		return fmt.Errorf("it has no layer1.0, the first block, but %s", r.instead())
	}
	steps := []func() error{r.stem, r.widths, r.kind, r.shortcuts, r.classes}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// instead says what a file without a first block has: a net that is a part of another, or some names.
func (r *Recognised) instead() string {
	names := slices.Sorted(maps.Keys(r.file.Tensors))
	for _, name := range names {
		if at := strings.Index(name, ".layer1.0."); at >= 0 {
			return fmt.Sprintf("%s.layer1.0, which is a part of another model, as a detector's backbone", name[:at])
		}
	}
	if len(names) > 5 {
		names = append(names[:5], "...")
	}
	return strings.Join(names, ", ")
}

func (r *Recognised) stem() (err error) {
	c := &r.Config
	c.DeepStem = r.shape("conv1.0.weight") != nil
	if c.DeepStem {
		var first int
		first, c.Image.Channels, c.StemSize, err = r.filters("conv1.0")
		if err == nil {
			c.Width, _, _, err = r.filters("conv1.6")
			c.TieredStem = c.Width%8 == 0 && first == c.Width/8*3
		}
	} else {
		c.Width, c.Image.Channels, c.StemSize, err = r.filters("conv1")
	}
	c.Image.Height, c.Image.Width, c.StemStride = 32, 32, 1
	if c.StemSize > 3 || c.DeepStem {
		c.Image.Height, c.Image.Width, c.StemStride, c.StemPool = 224, 224, 2, true
		r.assume("a stem of stride 2 with a max pooling, for images of 224x224, as usual where it is large")
	} else {
		r.assume("a stem of stride 1 without pooling, for images of 32x32, as usual where its filters are %dx%[1]d", c.StemSize)
	}
	c.ConvPool = r.shape("maxpool.0.weight") != nil
	return err
}

// squeeze tells a quarter of the channels, as in ResNet-RS, from a sixteenth.
func (r *Recognised) squeeze() {
	s := r.shape("layer1.0.se.fc1.weight")
	if len(s) == 4 && s[0] != squeezedTo(s[1], 16) && s[0] == squeezedTo(s[1], 4) {
		r.Config.Squeeze = 4
	}
}

func (r *Recognised) widths() error {
	c := &r.Config
	switch {
	case r.shape("layer1.0.se.fc1.weight") != nil:
		c.Attention = SE
		r.squeeze()
	case r.shape("layer1.0.se.conv.weight") != nil:
		c.Attention = ECA
	}
	last := "layer1.0.conv1"
	out, _, _, err := r.filters(last)
	if err == nil && r.shape("layer1.0.conv3.weight") != nil {
		c.Bottleneck = true
		var inner, in int
		if inner, in, _, err = r.filters("layer1.0.conv2"); err == nil && inner%in > 0 {
			err = fmt.Errorf("layer1.0.conv2.weight is %v, want outputs for a number of groups of its inputs", r.shape("layer1.0.conv2.weight"))
		}
		if err == nil {
			last = "layer1.0.conv3"
			out, _, _, err = r.filters(last)
			c.Groups = inner / in
			c.GroupWidth = in
			out /= expansion
		}
	}
	if err != nil {
		return err
	}
	if out < c.Width || out%c.Width != 0 {
		return fmt.Errorf("%s.weight is %v after a stem of %d channels, want a multiple of them", last, r.shape(last+".weight"), c.Width)
	}
	c.Widen = out / c.Width
	return nil
}

// kind tells pre-activation nets, in which a norm has the channels that its convolution takes, from original ones, in which
// it has those that the convolution gives.
func (r *Recognised) kind() error {
	c := &r.Config
	c.WithoutBatchNorm = r.shape("layer1.0.bn2.weight") == nil
	given, taken := 0, 0 // stages whose first norm has the channels of either; one misshaped tensor does not decide
	for stage := 2; stage <= len(c.Blocks); stage++ {
		conv, norm := r.shape(fmt.Sprintf("layer%d.0.conv1.weight", stage)), r.shape(fmt.Sprintf("layer%d.0.bn1.weight", stage))
		if len(conv) == 4 && len(norm) == 1 && norm[0] == conv[0] {
			given++
		} else if len(conv) == 4 && len(norm) == 1 && norm[0] == conv[1] {
			taken++
		}
	}
	if taken > given || r.shape("bn.weight") != nil {
		c.Kind = PreActivation
	}
	switch {
	case c.WithoutBatchNorm:
		r.assume("blocks of the kind %s, which tensors do not tell without batch norm", c.Kind)
	case c.Kind == Original:
		r.assume("skips: a plain net has the same tensors")
	default:
		c.BareStem = r.shape("layer1.0.bn1.weight") != nil
	}
	return nil
}

func (r *Recognised) shortcuts() error {
	c := &r.Config
	projections, pooled := 0, 0
	for stage, n := range c.Blocks {
		for index := range n {
			if r.shape(fmt.Sprintf("layer%d.%d.downsample.0.weight", stage+1, index)) != nil {
				projections++
			} else if r.shape(fmt.Sprintf("layer%d.%d.downsample.1.weight", stage+1, index)) != nil {
				pooled++
			}
		}
	}
	c.PooledProjection = pooled > projections
	if c.Kind == Original && c.StemPool && !c.ConvPool {
		r.assume("strides without anti-aliasing, nor dilation instead, which have no weights: Config.AntiAlias is none")
	}
	if c.Kind == PreActivation && c.DeepStem && projections > 0 {
		c.PooledProjection = true
		r.assume("a pooling before projections, as in timm's nets with a deep stem: Config.PooledProjection is true")
	}
	projections += pooled
	switch {
	case projections == c.sum() && c.sum() > len(c.Blocks):
		c.Shortcut = OptionC
	case projections > 0:
		c.Shortcut = OptionB
	case len(c.Blocks) == 1 && c.Widen == 1 && !c.Bottleneck:
		c.Shortcut = OptionA
	default:
		c.Shortcut = OptionA
		where, why := "behind", "the head is called fc"
		if slices.Contains(r.Renamed, "linear is fc") {
			c.Shortcut = OptionACentred
			where, why = "on both sides", "the head is called linear, as in the nets that do so"
		}
		r.assume("shortcuts without weights that pad zero channels %s, because %s: Config.Shortcut is %q", where, why, c.Shortcut)
	}
	if c.Kind == PreActivation && projections > 0 {
		c.ActivatedProjection = c.BareStem
		r.assume("projections that take x or relu(bn1(x)), the latter where the stem has no norm: Config.ActivatedProjection is %v", c.BareStem)
	}
	return nil
}

func (r *Recognised) classes() error {
	s := r.shape("fc.weight")
	if len(s) != 2 {
		text := "fc.weight, the head, is missing"
		if s != nil {
			text = fmt.Sprintf("fc.weight, the head, is %v, want [classes, channels]", s)
		}
		if names := r.Names(); names != nil {
			text += "; the rest is as in " + strings.Join(names, " or ")
		}
		return errors.New(text)
	}
	r.Config.Classes = s[0]
	return nil
}
