package resnet

import (
	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Kind says how the blocks of a net compute; see the package comment for the formulas.
type Kind string

// The kinds of network. The zero value means PreActivation.
const (
	PreActivation Kind = "preactivation" // He et al. 2016b, figure 1b
	Original      Kind = "original"      // He et al. 2016a, figure 2
	Plain         Kind = "plain"         // the original's layers without skips; He et al. 2016a, section 3.3
	VGG           Kind = "vgg"           // Simonyan and Zisserman 2015
)

var kinds = map[Kind]kind{PreActivation: preActivation{}, Original: original{}, Plain: plain{}, VGG: vgg{}}

// kind is what the nets of a Kind have of their own. Each stands in the file of its name; what those of He et al. share
// is in family.go.
type kind interface {
	width() int                     // what a Width of zero means
	check(c Config) error           // finds what these nets cannot have
	layers(c Config) int            // with weights, in each block
	ends(c Config) int              // layers with weights before and behind the blocks
	blocks(c Config) ([]int, error) // in each stage, by the Depth
	sums() bool                     // whether blocks add their skips

	stem(b *builder) (stem sequence, out Shape)
	block(b *builder, at *Block) unit // sets what at gives
	head(b *builder, in Shape) sequence

	parts(at Block, u unit) []nn.Part // what a file has of a block
}

// unit is a block as it computes: y = join(skip(x), branch(x)).
type unit interface {
	nn.Module // Forward has the bits of the whole, in as few passes over memory as can be
	skip(x *autograd.Var) *autograd.Var
	branch(x *autograd.Var) *autograd.Var
	join(skip, branch *autograd.Var) *autograd.Var // either may be nil
}

// paths are the two ways through a unit.
type paths struct {
	shortcut nn.Module // what is left when the block is deleted
	body     nn.Module // the layers of its sequence, as the interface that a step would have to allocate
	parts    []nn.Part
}

func pathsOf(shortcut nn.Module, body sequence) paths {
	return paths{shortcut, body.Sequential, append(body.parts, nn.Part{Name: "downsample", Module: shortcut})}
}

func (p paths) skip(x *autograd.Var) *autograd.Var { return p.shortcut.Forward(x) }

func (p paths) branch(x *autograd.Var) *autograd.Var { return p.body.Forward(x) }

func (p paths) Parts() []nn.Part { return p.parts }

// either returns the branch, or the skip when there is no branch.
func either(skip, branch *autograd.Var) *autograd.Var {
	if branch != nil {
		return branch
	}
	if skip == nil {
		panic("resnet: Join: neither skip nor branch")
	}
	return skip
}

// sequence is layers in a row, those with weights under the names that a state dict has for them.
type sequence struct {
	nn.Sequential
	parts []nn.Part
}

// add appends a layer of a name, if there is one, and what follows it.
func (s *sequence) add(name string, layer nn.Module, following ...nn.Module) {
	if layer != nil {
		s.parts = append(s.parts, nn.Part{Name: name, Module: layer})
		s.then(layer)
	}
	s.then(following...)
}

// then appends layers without weights.
func (s *sequence) then(layers ...nn.Module) { s.Sequential = append(s.Sequential, layers...) }
