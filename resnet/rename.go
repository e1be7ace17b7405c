package resnet

import (
	"regexp"
	"slices"
	"strings"

	"github.com/residuum-go/residuum/tensor"
)

// renamings are how layers are called in Idelbayev's and other nets for CIFAR, in the Wide ResNets of those who followed
// Zagoruyko and Komodakis, and by PyTorch's exporter of ONNX files, and here. $1 is what the first parentheses match.
var renamings = []struct {
	theirs *regexp.Regexp
	ours   string
}{
	{regexp.MustCompile(`^(?:linear|output|head|classifier)\.(weight|bias)$`), "fc.$1"},
	{regexp.MustCompile(`^fc\.\d+\.(weight|bias)$`), "fc.$1"}, // of a Sequential, after a Dropout
	{regexp.MustCompile(`^(layer\d+\.\d+)\.shortcut\.`), "$1.downsample."},
	{regexp.MustCompile(`^block(\d+)\.layer\.(\d+)\.convShortcut\.`), "layer$1.$2.downsample.0."},
	{regexp.MustCompile(`^block(\d+)\.layer\.(\d+)\.`), "layer$1.$2."},
	{regexp.MustCompile(`^(.+)\.weight_bias$`), "$1.bias"}, // of convolutions that have taken in their norms
}

// rename gives layers the names that they have in this package, but where two would get the same.
func (r *Recognised) rename() {
	theirs := map[string][]string{} // names in the file, by ours
	for name := range r.file.Tensors {
		to := r.ours(name)
		theirs[to] = append(theirs[to], name)
	}
	renamed := map[string]*tensor.Tensor{}
	for to, names := range theirs {
		for _, name := range names {
			if len(names) > 1 {
				to = name
			}
			if to != name && strings.HasSuffix(name, ".weight") {
				r.Renamed = append(r.Renamed, strings.TrimSuffix(name, ".weight")+" is "+strings.TrimSuffix(to, ".weight"))
			}
			t := r.file.Tensors[name]
			if s := t.Shape(); to == "fc.weight" && len(s) == 4 && s[2] == 1 && s[3] == 1 { // a convolution as linear layer
				t = t.Reshape(s[0], s[1])
			}
			renamed[to] = t
		}
	}
	slices.Sort(r.Renamed)
	file := *r.file
	file.Tensors = renamed
	r.file = &file
}

// ours returns the name that a tensor would have in this package.
func (r *Recognised) ours(name string) string {
	if strings.HasPrefix(name, "bn1.") && r.shape("block1.layer.0.conv1.weight") != nil { // the last norm of a Wide ResNet
		return "bn." + strings.TrimPrefix(name, "bn1.")
	}
	for _, n := range renamings {
		if n.theirs.MatchString(name) {
			return n.theirs.ReplaceAllString(name, n.ours)
		}
	}
	return name
}
