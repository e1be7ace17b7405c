package boost

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/mat"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// RepresentationConfig says how to boost a representation. Loss, Learner, Layers and Rate have to be set.
type RepresentationConfig struct {
	Loss    Loss    // of the scores
	Learner Learner // of the blocks: MLP for ResFGB, RandomFeatures for RFRBoost
	Layers  int     // T
	Rate    float64 // eta in (0, 1]: the share of each step that is taken
	L2      float64 // lambda of the linear head's lambda/2 |W|^2 [1e-4]
	Seed    uint64  // of all random choices

	// Valid is a validation set, if there is one. Patience stops after so many layers in a row without a better loss on it; 0
	// means never. However the fit ends, what remains then are the layers up to the best, with the head that was fitted to them.
	Valid    *Data
	Patience int

	OnLayer  func(Report) error    // called after every layer; an error ends the fit, with that layer
	Progress func(done, total int) // called after every layer, with numbers of layers
}

func (c RepresentationConfig) check() error {
	_, listwise := c.Loss.(Listwise)
	return demand.All("boost.RepresentationConfig",
		demand.That(c.Loss != nil, "Loss", c.Loss, "want a loss such as Softmax{}"),
		demand.That(!listwise, "Loss", fmt.Sprintf("%T", c.Loss), "want a loss of rows, which a head can minimise"),
		demand.That(c.Learner != nil, "Learner", c.Learner, "want a learner such as MLP{Hidden: 32}"),
		demand.That(c.Layers >= 1, "Layers", c.Layers, "want at least 1"),
		demand.That(c.Rate > 0 && c.Rate <= 1, "Rate", c.Rate, "want a share in (0, 1]"),
		demand.That(c.L2 > 0 && c.L2 <= 1e6, "L2", c.L2, "want a positive number, or 0 for 1e-4"),
		demand.That(c.Patience >= 0, "Patience", c.Patience, "want layers, or 0 for none"),
		demand.That(c.Patience == 0 || c.Valid != nil, "Patience", c.Patience, "there is no validation set"))
}

// Representation is a residual network that was boosted: scores W y_T + b with
//
//	y_0 = x, flattened,   y_{t+1} = y_t + rho_t h_t(y_t)
//
// It has the methods by which residual networks are taken apart, and unlike those of an [Ensemble] its blocks read what the
// earlier ones wrote.
type Representation struct {
	row    []int // shape of one example
	width  int   // of y
	family Learner
	head   *nn.Linear
	layers []layer
}

type layer struct {
	h     Hypothesis
	scale *tensor.Tensor // rho, [1]
}

// Len returns the number of layers.
func (r *Representation) Len() int { return len(r.layers) }

// BlockName returns "layer 3" for layer 3, counted from 0.
func (r *Representation) BlockName(t int) string { return fmt.Sprintf("layer %d", t) }

// Stem returns y_0, the rows of x.
func (r *Representation) Stem(x *autograd.Var) *autograd.Var {
	return autograd.Reshape(x, x.Shape()[0], r.width)
}

// Skip returns y.
func (r *Representation) Skip(_ int, y *autograd.Var) *autograd.Var { return y }

// Branch returns rho_t h_t(y).
func (r *Representation) Branch(t int, y *autograd.Var) *autograd.Var {
	return autograd.Scale(r.layers[t].h.Forward(y), r.layers[t].scale.Item())
}

// Join returns skip + branch; either may be nil.
func (r *Representation) Join(_ int, skip, branch *autograd.Var) *autograd.Var {
	return (*Ensemble)(nil).Join(0, skip, branch)
}

// Head returns the scores W y + b, [N, K].
func (r *Representation) Head(y *autograd.Var) *autograd.Var { return r.head.Forward(y) }

// Sums reports true.
func (r *Representation) Sums(int) bool { return true }

// Forward returns the scores of x, [N, K].
func (r *Representation) Forward(x *autograd.Var) *autograd.Var {
	y := r.Stem(x)
	for t := range r.layers {
		y = r.Join(t, y, r.Branch(t, y))
	}
	return r.Head(y)
}

// Parts returns the layers ("layers.t") with their factors ("layers.t.scale"), and the head.
func (r *Representation) Parts() []nn.Part {
	var parts []nn.Part
	for t, l := range r.layers {
		name := "layers." + strconv.Itoa(t)
		parts = append(parts, nn.Part{Name: name + ".scale", Buffer: l.scale})
		if m, ok := l.h.(nn.Module); ok {
			parts = append(parts, nn.Part{Name: name, Module: m})
		}
	}
	return append(parts, nn.Part{Name: "head", Module: r.head})
}

// FitRepresentation boosts not scores but the features that a linear head reads, so that what comes out is a deep residual
// network, trained layer by layer:
//
//	W_t = argmin_W mean_i w_i l(y_i, W y_t(x_i) + b) + lambda/2 |W|^2
//	h_t is fitted to the negative gradient of l(W_t y_t + b) by y_t, by least squares
//	y_{t+1} = y_t + eta rho h_t(y_t), with rho by line search on the loss under W_t
//
// With an [MLP] that is the alternation of ResFGB (Nitanda and Suzuki 2018, "Functional Gradient Boosting based on Residual
// Network Perception", algorithm 1), but for the step: there it is the gradient smoothed by the kernel of a network's last
// hidden layer, here what the network was fitted to. With [RandomFeatures] it is RFRBoost (Zozoulenko, Cass and Gonon 2025,
// "Random Feature Representation Boosting", algorithm 2); with [SquaredError] everything is then in closed form, and h_t
// minimises the loss under W_t itself, with rho = 1 (algorithm 1, a dense A).
//
// Errors are as those of [Fit].
func FitRepresentation(ctx context.Context, train Data, c RepresentationConfig) (*Representation, error) {
	r, err := fitRepresentation(ctx, train, c)
	if err != nil {
		err = fmt.Errorf("boost: FitRepresentation: %w", err)
	}
	return r, err
}

func fitRepresentation(ctx context.Context, train Data, c RepresentationConfig) (*Representation, error) {
	if c.L2 == 0 {
		c.L2 = 1e-4
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if err := train.check(c.Loss, false); err != nil {
		return nil, fmt.Errorf("training data: %w", err)
	}
	if c.Valid != nil {
		if err := c.Valid.check(c.Loss, false); err != nil {
			return nil, fmt.Errorf("validation data: %w", err)
		}
		if err := fits("validation data", *c.Valid, train); err != nil {
			return nil, err
		}
	}
	train = train.weighted()
	width := train.X.Len() / train.X.Dim(0)
	rng := rand.New(rand.NewPCG(c.Seed, 0))
	b := &representer{RepresentationConfig: c, rng: rng, train: represented{train, flat(train)}}
	b.r = &Representation{row: slices.Clone(train.X.Shape()[1:]), width: width, family: c.Learner, head: nn.NewLinear(width, train.Y.Dim(1), rng)}
	b.r.head.Weight.Value.Fill(0)
	b.r.head.Bias.Value.Fill(0)
	if c.Valid != nil {
		b.valid = &represented{*c.Valid, flat(*c.Valid)}
	}
	err := b.boost(ctx)
	if c.Patience > 0 && b.best.head != nil {
		b.r.layers = b.r.layers[:b.best.layers]
		b.setHead(b.best.head)
	}
	return b.r, err
}

// boost adds layers, and remembers after which the validation loss was best.
func (b *representer) boost(ctx context.Context) error {
	if err := b.fitHead(ctx); err != nil {
		return err
	}
	r, err := b.report(0)
	if err != nil {
		return fmt.Errorf("before the first layer: %w", err)
	}
	b.best = bestLayers{0, r.Valid.Loss(), b.headPoint()}
	for t := range b.Layers {
		r, err := b.layer(ctx)
		if err != nil {
			return fmt.Errorf("layer %d of %d: %w", t+1, b.Layers, err)
		}
		if loss := r.Valid.Loss(); loss < b.best.loss {
			b.best = bestLayers{t + 1, loss, b.headPoint()}
		}
		if b.Progress != nil {
			b.Progress(t+1, b.Layers)
		}
		if b.OnLayer != nil {
			if err := b.OnLayer(r); err != nil {
				return fmt.Errorf("after layer %d of %d: %w", t+1, b.Layers, err)
			}
		}
		if b.Patience > 0 && t+1-b.best.layers >= b.Patience {
			break
		}
	}
	return nil
}

// bestLayers are the layers of least loss on a validation set so far.
type bestLayers struct {
	layers int
	loss   float64
	head   []float64 // as headPoint has it
}

func flat(d Data) *tensor.Tensor { return d.X.Reshape(d.X.Dim(0), -1).Clone() }

// represented is a data set and y_t on it, [N, width].
type represented struct {
	Data
	y *tensor.Tensor
}

// representer is a representation in the making.
type representer struct {
	RepresentationConfig
	r     *Representation
	rng   *rand.Rand
	train represented
	valid *represented
	best  bestLayers
}

func (b *representer) scores(s represented) *tensor.Tensor {
	return b.r.head.Forward(autograd.Const(s.y)).Value()
}

// layer adds one layer and fits the head to it. On an error the representation is as before.
func (b *representer) layer(ctx context.Context) (Report, error) {
	if err := cancelled.Err(ctx); err != nil {
		return Report{}, err
	}
	before := []*tensor.Tensor{b.r.head.Weight.Value.Clone(), b.r.head.Bias.Value.Clone(), b.train.y}
	l, rho, err := b.fitLayer(ctx)
	if err != nil {
		return Report{}, err
	}
	b.r.layers = append(b.r.layers, l)
	b.train.y = b.pass(l, b.train.y)
	r := Report{}
	if err = b.fitHead(ctx); err == nil {
		if b.valid != nil {
			b.valid.y = b.pass(l, b.valid.y)
		}
		r, err = b.report(rho)
	}
	if err != nil {
		b.r.layers = b.r.layers[:b.r.Len()-1]
		tensor.Copy(b.r.head.Weight.Value, before[0])
		tensor.Copy(b.r.head.Bias.Value, before[1])
		b.train.y = before[2]
	}
	return r, err
}

// fitLayer fits h_t and finds its factor.
func (b *representer) fitLayer(ctx context.Context) (layer, float64, error) {
	f := b.scores(b.train)
	h, err := b.Learner.New(Input{Row: []int{b.r.width}}, b.r.width, rand.New(rand.NewPCG(b.rng.Uint64(), 0)))
	if err != nil {
		return layer{}, 0, err
	}
	if closed, ok := h.(*ridgeNet); ok && b.Loss == (SquaredError{}) {
		closed.fitThrough(b.train, tensor.Sub(nil, b.train.Y, f), b.r.head)
		return layer{h, tensor.Full(float32(b.Rate), 1)}, 1, finite("weights of the layer", closed.output.Weight.Value, ErrDiverged)
	}
	g := gradient(nil, b.Loss, f, b.train.Data)
	target := tensor.MatMul(nil, tensor.Neg(g, g), b.r.head.Weight.Value, tensor.NN)
	var weight *tensor.Tensor
	if b.train.Weight != nil {
		weight = tensor.BroadcastTo(nil, b.train.Weight.Reshape(-1, 1), target.Shape()...)
	}
	if err := h.Fit(ctx, b.train.y, target, weight); err != nil {
		return layer{}, 0, err
	}
	step := h.Forward(autograd.Const(b.train.y)).Value()
	if err := finite("outputs of the layer", step, ErrDiverged); err != nil {
		return layer{}, 0, err
	}
	rho := lineSearch(b.Loss, b.train.Data, f, tensor.MatMul(nil, step, b.r.head.Weight.Value, tensor.NT))
	return layer{h, tensor.Full(float32(b.Rate*rho), 1)}, rho, nil
}

// pass returns y + rho h(y).
func (b *representer) pass(l layer, y *tensor.Tensor) *tensor.Tensor {
	return tensor.AddScaled(nil, y, l.scale.Item(), l.h.Forward(autograd.Const(y)).Value())
}

func (b *representer) report(rho float64) (Report, error) {
	_, classes := b.Loss.(Scorer)
	r := Report{Stage: b.r.Len(), Stages: b.Layers, Rows: b.train.Y.Dim(0), Rho: rho, classes: classes}
	var err error
	if r.Train, err = judge(b.Loss, "training", b.scores(b.train), b.train.Data); err != nil || b.valid == nil {
		return r, err
	}
	r.Valid, err = judge(b.Loss, "validation", b.scores(*b.valid), b.valid.Data)
	return r, err
}

// fitThrough makes the net minimise the squared error that the head's scores leave, residual [N, K].
func (r *ridgeNet) fitThrough(s represented, residual *tensor.Tensor, head *nn.Linear) {
	k, d := head.Weight.Value.Dim(0), head.Weight.Value.Dim(1)
	w := mat.NewDense(k, d, nil)
	w.Apply(func(i, j int, _ float64) float64 { return float64(head.Weight.Value.At(i, j)) }, w)
	rows := s.Weight
	if rows == nil {
		rows = tensor.Full(1, s.Y.Dim(0))
	}
	l := newLeastSquares(r.Features(autograd.Const(s.y)).Value(), residual, rows)
	l.targetMean = slices.Repeat([]float64{0}, d) // the head's bias sees to the mean of the residuals
	l.write(r.output, l.through(w, r.l2), 0)
}
