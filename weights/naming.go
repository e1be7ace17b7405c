package weights

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Naming is how a library names the tensors of a residual net.
type Naming string

const (
	// Torchvision is what this library uses, too: layer1.0.conv1.weight. timm names its resnet18 to resnet152 in the
	// same way.
	Torchvision Naming = "torchvision"
	// HuggingFace is that of ResNetForImageClassification in transformers:
	// resnet.encoder.stages.0.layers.0.layer.0.convolution.weight.
	HuggingFace Naming = "Hugging Face"
	// TimmV2 is that of resnetv2 in timm, nets of pre-activation: stages.0.blocks.0.conv1.weight.
	TimmV2 Naming = "timm resnetv2"
)

// namings holds of each naming pairs of what names begin with, ours and theirs. {s} is a number and {s+1} the one after
// it. What stands in [] may be missing in theirs.
var namings = map[Naming][][2]string{
	HuggingFace: {
		{"conv1.", "[resnet.]embedder.embedder.convolution."},
		{"bn1.", "[resnet.]embedder.embedder.normalization."},
		{"layer{s+1}.{b}.conv{n+1}.", "[resnet.]encoder.stages.{s}.layers.{b}.layer.{n}.convolution."},
		{"layer{s+1}.{b}.bn{n+1}.", "[resnet.]encoder.stages.{s}.layers.{b}.layer.{n}.normalization."},
		{"layer{s+1}.{b}.downsample.0.", "[resnet.]encoder.stages.{s}.layers.{b}.shortcut.convolution."},
		{"layer{s+1}.{b}.downsample.1.", "[resnet.]encoder.stages.{s}.layers.{b}.shortcut.normalization."},
		{"fc.", "classifier.1."},
	},
	TimmV2: {
		{"conv1.", "stem.conv."},
		{"conv1.0.", "stem.conv1."},
		{"conv1.1.", "stem.norm1."},
		{"conv1.3.", "stem.conv2."},
		{"conv1.4.", "stem.norm2."},
		{"conv1.6.", "stem.conv3."},
		{"layer{s+1}.{b}.bn{n}.", "stages.{s}.blocks.{b}.norm{n}."},
		{"layer{s+1}.{b}.conv{n}.", "stages.{s}.blocks.{b}.conv{n}."},
		{"layer{s+1}.{b}.downsample.0.", "stages.{s}.blocks.{b}.downsample.conv."},
		{"bn.", "norm."},
		{"fc.", "head.fc."},
	},
}

// toOurs and toTheirs are the rules of each naming, to be read and to be written.
var toOurs, toTheirs = rules(1, 0), rules(0, 1)

// rules makes those of each naming from one of its columns to the other.
func rules(from, to int) map[Naming][]rule {
	all := map[Naming][]rule{}
	for naming, pairs := range namings {
		for _, p := range pairs {
			all[naming] = append(all[naming], newRule(p[from], p[to]))
		}
	}
	return all
}

// rule turns names that begin in one way into such that begin in another.
type rule struct {
	read   *regexp.Regexp // a group for each number and one for the rest of the name
	fields []string       // of these numbers, in their order: "s", or "s+1" where the number is one more
	write  string         // the template of the new name
}

var (
	field    = regexp.MustCompile(`\\\{(\w)(\\\+1)?\\\}`)
	optional = regexp.MustCompile(`\\\[(.*?)\\\]`)
	brackets = strings.NewReplacer("[", "", "]", "")
)

func newRule(from, to string) rule {
	pattern := regexp.QuoteMeta(from)
	var fields []string
	for _, m := range field.FindAllStringSubmatch(pattern, -1) {
		fields = append(fields, m[1]+strings.TrimPrefix(m[2], `\`))
	}
	pattern = field.ReplaceAllString(optional.ReplaceAllString(pattern, `(?:$1)?`), `(0|[1-9]\d{0,5})`)
	return rule{regexp.MustCompile(`^` + pattern + `(\w+)$`), fields, brackets.Replace(to)}
}

// apply returns the new name, or "".
func (r rule) apply(name string) string {
	m := r.read.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	to := r.write
	for i, f := range r.fields {
		n, _ := strconv.Atoi(m[i+1]) // digits, and few
		letter, isNext := strings.CutSuffix(f, "+1")
		if isNext {
			n--
		}
		if n < 0 {
			return ""
		}
		to = strings.ReplaceAll(to, "{"+letter+"}", strconv.Itoa(n))
		to = strings.ReplaceAll(to, "{"+letter+"+1}", strconv.Itoa(n+1))
	}
	return to + m[len(m)-1]
}

// ToTorchvision returns a file with the tensors of f under torchvision's names, and the naming that f has: the one by
// whose rules all its names can be read. Where there is none, it is f itself and [Torchvision]. [Assign] does it where
// names do not fit otherwise.
func ToTorchvision(f *File) (*File, Naming) {
	l, naming := f.listing().toTorchvision()
	if naming == Torchvision {
		return f, naming
	}
	return f.under(l), naming
}

func (l listing) toTorchvision() (listing, Naming) {
	for naming, rules := range toOurs {
		if to, err := l.rename(by(rules)); err == nil && len(l.inFile) > 0 {
			return to, naming
		}
	}
	return l, Torchvision
}

// FromTorchvision returns a file with the tensors of f, which have torchvision's names, under those that another
// library has for them. A name for which that has none, such as one of another kind of net, is an error.
func FromTorchvision(f *File, to Naming) (*File, error) {
	if to == Torchvision {
		return f, nil
	}
	l, err := f.listing().rename(by(toTheirs[to]))
	if err != nil {
		return nil, fmt.Errorf("weights: no names of %s: %w", to, err)
	}
	return f.under(l), nil
}

// by returns what gives names new ones by the first rule that knows them.
func by(rules []rule) func(name string) string {
	return func(name string) string {
		for _, r := range rules {
			if to := r.apply(name); to != "" {
				return to
			}
		}
		return ""
	}
}
