package resnet

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
)

// Net is a network of blocks between a stem and a head. It is an [nn.Module]. A type that embeds a *Net and
// has, say, a Stem of its own inherits a Forward that calls the inner net's: as unravel.Module it is trained
// and tested with what it overrides.
type Net struct {
	cfg    Config
	stem   nn.Module
	units  []unit
	blocks []Block
	head   nn.Module
	parts  []nn.Part
	sums   bool
	works  []int64 // multiply-adds behind the stem, behind each block, and behind the head

	recognised *Recognised
}

// New builds the network that cfg describes, drawing weights from rng: convolutions and hidden layers by
// [nn.KaimingNormal], over the fan-out with batch norm, and without over the fan-in that there is beside the padding.
// A cfg that describes none is a [*residuum.ConfigError].
func New(cfg Config, rng *rand.Rand) (*Net, error) {
	if rng == nil {
		panic("resnet: New: no random numbers: pass rand.New(rand.NewPCG(seed, 0)) of math/rand/v2")
	}
	return newNet(cfg, rng, math.Inf(1))
}

// newNet is New; without rng all weights are zero. It panics with errLarge where the net would have more than so many
// elements.
func newNet(cfg Config, rng *rand.Rand, most float64) (*Net, error) {
	cfg, k, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	b := &builder{Config: cfg, kind: k, rng: rng, left: most}
	n := &Net{cfg: cfg, sums: k.sums()}
	stem, in := k.stem(b)
	n.stem, n.parts, n.works = stem, stem.parts, []int64{b.work}
	for stage, blocks := range cfg.Blocks {
		for index := range blocks {
			at := Block{Name: fmt.Sprintf("layer%d.%d", stage+1, index), Stage: stage, Index: index, In: in, Survival: cfg.survival(n.Len())}
			u := k.block(b, &at)
			at.Downsamples = at.Out.Height < in.Height || at.Out.Width < in.Width
			n.units, n.blocks, n.parts = append(n.units, u), append(n.blocks, at), append(n.parts, k.parts(at, u)...)
			n.works = append(n.works, b.work)
			in = at.Out
		}
	}
	head := k.head(b, in)
	n.head, n.parts, n.works = head, append(n.parts, head.parts...), append(n.works, b.work)
	return n, nil
}

// Block describes one block of a [Net].
type Block struct {
	Name        string  // "layer2.0", as its parameters' names begin; for VGG "conv3_1"
	Stage       int     // counted from 0
	Index       int     // within the stage, counted from 0
	In, Out     Shape   // what it takes and gives, for one image
	Downsamples bool    // gives fewer pixels than it takes
	Survival    float64 // probability with which its branch survives a training step
}

// Config returns what the network was built from, with the meaning of zero values filled in.
func (n *Net) Config() Config { return n.cfg }

// Recognised tells what [Load] or [Recognised.Net] found out about the file that n came from, and what they assumed. It is
// nil for a net that was built otherwise.
func (n *Net) Recognised() *Recognised { return n.recognised }

// Parts returns the layers and blocks in the order and with the names of a torchvision state dict:
// "conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight", ..., "fc.bias", or for VGG
// "features.0.weight", ..., "classifier.2.bias". A pre-activation net's last norm is "bn".
func (n *Net) Parts() []nn.Part { return n.parts }

// Twin returns a net with the weights of n, in the same memory, and running statistics of its own, which begin as
// copies of n's. [nn.Recalibrate] may change them while others use n. A twin is for evaluation: training it would
// train n.
func (n *Net) Twin() *Net {
	twin, err := newNet(n.cfg, nil, math.Inf(1))
	if err != nil {
		panic(err) // n was built from this configuration
	}
	twin.copyNorms(n)
	params := maps.Collect(nn.Params(n))
	for name, p := range nn.Params(twin) {
		p.Value = params[name].Value
	}
	return twin
}

// copyNorms gives the batch norms of n the settings and copies of the statistics of those of another net.
func (n *Net) copyNorms(from *Net) {
	original := maps.Collect(nn.Modules(from))
	for name, m := range nn.Modules(n) {
		if b, ok := m.(*nn.BatchNorm2D); ok {
			of := original[name].(*nn.BatchNorm2D)
			b.Momentum, b.Eps = of.Momentum, of.Eps
			b.RunningMean, b.RunningVar = of.RunningMean.Clone(), of.RunningVar.Clone()
		}
	}
}

// MultiplyAdds returns how many multiplications, each with an addition, the convolutions and linear layers
// do for one image in a forward pass; those with padding count. The rest is far less: the papers give this
// number as "FLOPs".
func (n *Net) MultiplyAdds() int64 { return n.works[len(n.works)-1] }

// Len returns the number of blocks.
func (n *Net) Len() int { return len(n.units) }

// Block describes the i-th block, counted from 0.
func (n *Net) Block(i int) Block { return n.blocks[i] }

// BlockName returns the name of block i, "layer2.0", as package unravel asks for it.
func (n *Net) BlockName(i int) string { return n.blocks[i].Name }

// Sums reports whether the i-th block adds its skip to its branch; it is the same for all blocks.
func (n *Net) Sums(i int) bool { return n.sums }

// Stem returns the state before the first block, y_0, for images x [N, H, W, C]. In a VGG net that is
// x itself: all its convolutions are blocks.
func (n *Net) Stem(x *autograd.Var) *autograd.Var { return n.stem.Forward(x) }

// Skip returns s_i(x), what is left of block i when it is deleted: x itself where the block keeps the
// shape, else the shortcut. Plain and VGG nets do not use it. For them it is what deletion leaves:
// x subsampled and padded with zero channels to the shape needed, and for VGG pooled.
func (n *Net) Skip(i int, x *autograd.Var) *autograd.Var { return n.units[i].skip(x) }

// Branch returns f_i(x). Stochastic depth has no part in it.
func (n *Net) Branch(i int, x *autograd.Var) *autograd.Var { return n.units[i].branch(x) }

// Join returns the state after block i from its skip and its branch, of which one may be nil: their
// sum, in original nets with a ReLU after it; in plain and VGG nets the branch, or the skip if there
// is no branch.
func (n *Net) Join(i int, skip, branch *autograd.Var) *autograd.Var {
	return n.units[i].join(skip, branch)
}

// NewHead returns a head such as that of n, with weights of its own, for the state that block i reads, or for that after the last
// block if i is Len(): what reads a net out that ends there.
func (n *Net) NewHead(i int, rng *rand.Rand) nn.Module {
	k, at := kinds[n.cfg.Kind], n.blocks[n.Len()-1].Out
	if i < n.Len() {
		at = n.blocks[i].In
	}
	return k.head(&builder{Config: n.cfg, kind: k, rng: rng, left: math.Inf(1)}, at)
}

// Head returns the logits [N, classes] of a state y after the last block.
func (n *Net) Head(y *autograd.Var) *autograd.Var { return n.head.Forward(y) }

// Forward returns the logits [N, classes] of images [N, H, W, C]. In training with Survival below 1,
// one draw of the tape's random numbers decides for the whole
// batch which branches are computed. They are multiplied by 1/p, where p is the probability of that, so
// the net in evaluation, with all branches, is what training sees on average. To train on exactly k random blocks there is
// unravel.ShortPaths.
func (n *Net) Forward(x *autograd.Var) *autograd.Var { return n.ForwardWeighted(x, n.drawn(x)) }

// ForwardWeighted is Forward with the branch of block i multiplied by weights[i], and not computed
// where that is zero; nil weights are ones.
func (n *Net) ForwardWeighted(x *autograd.Var, weights []float64) *autograd.Var {
	y := n.Stem(x)
	for i := range n.units {
		weight := 1.0
		if weights != nil {
			weight = weights[i]
		}
		y = n.step(i, y, weight)
	}
	return n.Head(y)
}

// step runs one block, and no more of it than matters.
func (n *Net) step(i int, x *autograd.Var, weight float64) *autograd.Var {
	if weight == 1 {
		return n.units[i].Forward(x)
	}
	var skip, branch *autograd.Var
	if n.Sums(i) || weight == 0 {
		skip = n.Skip(i, x)
	}
	if weight != 0 {
		branch = autograd.Scale(n.Branch(i, x), float32(weight))
	}
	return n.Join(i, skip, branch)
}
