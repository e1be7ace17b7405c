package boost

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// ResNet is a residual network that [BoostResNet] trains: a resnet.Net, or one of your own.
type ResNet interface {
	nn.Module
	Len() int               // number of blocks n
	BlockName(i int) string // such as "layer2.0"
	Sums(i int) bool        // whether block i adds its skip to its branch; it must

	Stem(x *autograd.Var) *autograd.Var        // g_0
	Skip(i int, y *autograd.Var) *autograd.Var // y, or what has the shape of the branch
	Branch(i int, y *autograd.Var) *autograd.Var
	Join(i int, skip, branch *autograd.Var) *autograd.Var // g_{i+1}
	Head(y *autograd.Var) *autograd.Var                   // logits of g_n

	// NewHead returns a head for g_i with weights of its own.
	NewHead(i int, rng *rand.Rand) nn.Module
}

// BoostResNetConfig says how [BoostResNet] trains.
type BoostResNetConfig struct {
	Training Training // of each block together with its head
	Valid    *Data    // a validation set, if there is one
	Seed     uint64   // of the heads and of the order of batches

	OnModule func(WeakModule) error // called after every module; an error ends the training
	Progress func(done, total int)  // called after every module, with numbers of modules
}

func (c BoostResNetConfig) check(net ResNet) error {
	sums := true
	for i := range net.Len() {
		sums = sums && net.Sums(i)
	}
	return demand.All("boost.BoostResNet", demand.That(sums, "net", fmt.Sprintf("%T", net), "want blocks that add their skips"))
}

// WeakModule describes a net after one more of its modules has been trained: the stem, or a block.
type WeakModule struct {
	Module  int    `json:"module"`  // modules trained; the stem is the first
	Modules int    `json:"modules"` // modules there are
	Name    string `json:"name"`    // "stem", or that of the block
	Weak
	Train data.Score `json:"train"` // of the net that ends behind this module
	Valid data.Score `json:"valid"` // zero without a validation set
}

// Weak is what the theory of Huang et al. says of weak module classifier h_t = alpha_{t+1} o_{t+1} - alpha_t o_t on the
// training set.
type Weak struct {
	Edge  float64 `json:"edge"`  // gt_{t+1}: mean of the margin of o_{t+1} over the weights D_t, in [-1, 1]
	Gamma float64 `json:"gamma"` // gamma_t = sqrt((gt_{t+1}^2 - gt_t^2) / (1 - gt_t^2)); minus the root of its size if that is negative
	Alpha float64 `json:"alpha"` // alpha_{t+1} = log((1 + gt_{t+1}) / (1 - gt_{t+1})) / 2
	// Covariance over D_t is that of exp(-alpha_{t+1} z_{t+1}) and exp(alpha_t z_t), with z the margins.
	Covariance float64 `json:"covariance"`
	// Exponential is (K-1) times the mean of exp(-alpha_{t+1} z_{t+1}) over the pairs of an example and a wrong class, the
	// product of all normalisers Z. The error on the training set is never above it.
	Exponential float64 `json:"exponential"`
	// Bound is (K-1) exp(-sum gamma^2 / 2), which bounds Exponential, and so the error on the training set, if Holds.
	Bound float64 `json:"bound"`
	// Holds reports whether the weak learning condition (definition 4.1) holds for this and all earlier modules: the edge
	// is positive and has grown, and the covariance is not positive.
	Holds bool `json:"holds"`
}

// String returns a line such as "layer2.0, 5 of 10: 91.0 % of 10000 right, loss 0.2512; edge 0.81, gamma 0.31, error
// 0.0900 <= 0.12".
func (m WeakModule) String() string {
	line := fmt.Sprintf("%s, %d of %d: %v; edge %.3f, gamma %.3f, error %.4f <= %.4g", m.Name, m.Module, m.Modules, m.Train, m.Edge, m.Gamma,
		m.Train.Error(), m.Exponential)
	if m.Holds {
		line += fmt.Sprintf(" <= %.4g", m.Bound)
	}
	return line
}

// BoostResNet trains net one module after the other, as Huang, Ash, Langford and Schapire 2018 do ("Learning Deep ResNet
// Blocks Sequentially using Boosting Theory", algorithms 1 and 2 and, for more than two classes, those of appendix F).
// Module t is trained with all earlier ones frozen: it reads g_t, and an auxiliary head on g_{t+1} makes it a classifier
// whose outputs are
//
//	o_{t+1}(x) = softmax(head(g_{t+1}(x))),   g_{t+1} = s_t(g_t) + f_t(g_t)
//
// The weak module classifiers h_t = alpha_{t+1} o_{t+1} - alpha_t o_t sum to alpha o of the last module, so that what is
// left is net alone: the last block is trained with net's own head, and the auxiliary ones are thrown away. The stem is a
// module of its own, the first.
//
// Two things differ from the paper. Its theory wants outputs that are bounded by 1, which the softmax sees to; and its
// oracle minimises sum_l exp(s_l - s_y) over the wrong classes l of logits s, where this one takes the logarithm of one
// plus that for each example, the cross-entropy, whose gradient an outlier does not rule. The weights D_t cancel in
// both (equation 6).
//
// Targets are as those of [Softmax] and have one class each. The states of all examples are kept in memory, those of two
// modules at a time. Net is trained from the weights that it has; it keeps those of complete modules when training ends
// with an error, which is ctx's with its cause, OnModule's, or [ErrDiverged].
func BoostResNet(ctx context.Context, net ResNet, train Data, c BoostResNetConfig) ([]WeakModule, error) {
	reports, err := boostResNet(ctx, net, train, c)
	if err != nil {
		err = fmt.Errorf("boost: BoostResNet: %w", err)
	}
	return reports, err
}

func boostResNet(ctx context.Context, net ResNet, train Data, c BoostResNetConfig) (reports []WeakModule, err error) {
	if err := c.check(net); err != nil {
		return nil, err
	}
	if c.Training, err = c.Training.withDefaults(); err != nil {
		return nil, err
	}
	b := &resnetBooster{BoostResNetConfig: c, net: net, rng: rand.New(rand.NewPCG(c.Seed, 0))}
	if b.train, err = newStates("training", train); err != nil {
		return nil, err
	}
	if c.Valid != nil {
		if b.valid, err = newStates("validation", *c.Valid); err != nil {
			return nil, err
		}
		if err := fits("validation data", *c.Valid, train); err != nil {
			return nil, err
		}
	}
	b.telescope = newTelescope(b.train.Data)
	for t := range net.Len() + 1 {
		m, err := b.module(ctx, t)
		if err != nil {
			return reports, fmt.Errorf("%s: %w", m.Name, err)
		}
		reports = append(reports, m)
		if c.Progress != nil {
			c.Progress(m.Module, m.Modules)
		}
		if c.OnModule != nil {
			if err := c.OnModule(m); err != nil {
				return reports, fmt.Errorf("after %s: %w", m.Name, err)
			}
		}
	}
	return reports, nil
}

// resnetBooster is a net of which some modules are trained.
type resnetBooster struct {
	BoostResNetConfig
	net          ResNet
	rng          *rand.Rand
	train, valid *states
	telescope    *telescope
}

// states are examples as the next module reads them.
type states struct {
	Data
	state  *tensor.Tensor // g_t
	labels []int
}

func newStates(what string, d Data) (*states, error) {
	if err := d.check(Softmax{}, false); err != nil {
		return nil, fmt.Errorf("%s data: %w", what, err)
	}
	d = d.weighted()
	k, labels := d.Y.Dim(1), tensor.ArgMax(d.Y)
	for i, l := range labels {
		if d.Y.Data()[i*k+l] != 1 {
			return nil, fmt.Errorf("%s data: targets: row %d has no one class: %w", what, i, ErrData)
		}
	}
	return &states{Data: d, state: d.X, labels: labels}, nil
}

// part is one module with its head.
type part struct {
	body func(*autograd.Var) *autograd.Var // g_t to g_{t+1}
	head func(*autograd.Var) *autograd.Var
	all  nn.Sequential // what has the parameters of both, and others
}

// part returns module t of the net: the stem, or block t-1.
func (b *resnetBooster) part(t int) part {
	p := part{body: b.net.Stem, head: b.net.Head, all: nn.Sequential{b.net}}
	if i := t - 1; i >= 0 {
		p.body = func(y *autograd.Var) *autograd.Var { return b.net.Join(i, b.net.Skip(i, y), b.net.Branch(i, y)) }
	}
	if t < b.net.Len() {
		head := b.net.NewHead(t, b.rng)
		p.head = head.Forward
		p.all = append(p.all, head)
	}
	return p
}

// module trains module t and moves on to what it makes of the states.
func (b *resnetBooster) module(ctx context.Context, t int) (WeakModule, error) {
	m := WeakModule{Module: t + 1, Modules: b.net.Len() + 1, Name: "stem"}
	if t > 0 {
		m.Name = b.net.BlockName(t - 1)
	}
	p, x := b.part(t), b.train
	logits := func(y *autograd.Var) *autograd.Var { return p.head(p.body(y)) }
	batch := newBatch(b.Training.size(x.Y.Dim(0)), x.state, x.Y, x.Weight)
	err := b.Training.descend(ctx, touched(p.all, logits, x.state.Slice(0, 1)), x.Y.Dim(0), b.rng.Uint64(),
		func(tape *autograd.Tape, rows []int) *autograd.Var {
			batch.load(rows)
			loss := autograd.SoftCrossEntropy(logits(tape.Input(batch.x)), batch.target)
			if batch.weight != nil {
				loss = autograd.Mul(loss, autograd.Const(batch.weight))
			}
			return autograd.Mean(loss)
		})
	if err != nil {
		return m, err
	}
	outputs, err := b.advance(ctx, p, x)
	if err != nil {
		return m, err
	}
	m.Weak, m.Train = b.telescope.step(margins(tensor.Softmax(nil, outputs), x.labels)), scoreOf(Softmax{}, outputs, x.Data)
	if b.valid == nil {
		return m, nil
	}
	if outputs, err = b.advance(ctx, p, b.valid); err != nil {
		return m, err
	}
	m.Valid = scoreOf(Softmax{}, outputs, b.valid.Data)
	return m, nil
}

// touched yields those parameters that the gradient of f by parameters reaches, for an example x.
func touched(m nn.Module, f func(*autograd.Var) *autograd.Var, x *tensor.Tensor) iter.Seq2[string, *autograd.Param] {
	for _, p := range nn.Params(m) {
		p.Grad = nil
	}
	tape := autograd.NewTape(0)
	tape.SetTraining(false)
	tape.Backward(autograd.Sum(f(tape.Input(x))))
	reached := map[*autograd.Param]bool{}
	for _, p := range nn.Params(m) {
		reached[p] = p.Grad != nil
		p.Grad = nil
	}
	return func(yield func(string, *autograd.Param) bool) {
		for name, p := range nn.Params(m) {
			if reached[p] && !yield(name, p) {
				return
			}
		}
	}
}

// advance takes the states through a module and returns the logits of its head, [N, K].
func (b *resnetBooster) advance(ctx context.Context, p part, x *states) (*tensor.Tensor, error) {
	n, logits := x.Y.Dim(0), tensor.New(x.Y.Shape()...)
	var next *tensor.Tensor
	for lo := 0; lo < n; lo += chunk {
		if err := cancelled.Err(ctx); err != nil {
			return nil, err
		}
		hi := min(lo+chunk, n)
		y := p.body(autograd.Const(x.state.Slice(lo, hi)))
		if next == nil {
			next = tensor.New(append([]int{n}, y.Shape()[1:]...)...)
		}
		tensor.Copy(next.Slice(lo, hi), y.Value())
		tensor.Copy(logits.Slice(lo, hi), p.head(y).Value())
	}
	x.state = next
	return logits, finite("outputs of the module", logits, ErrDiverged)
}
