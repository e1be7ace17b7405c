package boost

import (
	"cmp"
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// SoftTrees makes oblivious decision trees that are differentiable, several in a hypothesis (Popov, Morozov, Babenko 2019,
// "Neural Oblivious Decision Ensembles for Deep Learning on Tabular Data", section 3.1), on flattened inputs. All nodes of a
// tree at the same depth i compare the same mixture of columns with the same threshold, and send the share
//
//	c_i(x) = entmoid((f_i . x - b_i) / t_i)    f_i = entmax(F_i)
//
// to the right, both 1.5-entmax: mixtures become choices of few columns, and shares 0 and 1. A leaf gets the product of the
// shares on its path, and h(x) is the sum over the leaves of all trees of what they get times their response. Thresholds
// begin at values of the training rows, and t_i so that each of these is split. Features are what the leaves get.
type SoftTrees struct {
	Trees    int // of one hypothesis
	Depth    int // up to 12; 0 means 6
	Training Training
}

func (s SoftTrees) withDefaults() (SoftTrees, error) {
	s.Depth = cmp.Or(s.Depth, 6)
	t, err := s.Training.withDefaults()
	if err != nil {
		return s, err
	}
	s.Training = t
	return s, demand.All("boost.SoftTrees",
		demand.That(s.Trees >= 1, "Trees", s.Trees, "want at least 1"),
		demand.That(s.Depth >= 1 && s.Depth <= 12, "Depth", s.Depth, "want 1 to 12, or 0 for 6"))
}

// New implements Learner.
func (s SoftTrees) New(in Input, outputs int, rng *rand.Rand) (Hypothesis, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, err
	}
	body := newSoftSplits(s.Trees, s.Depth, in.Width(), rng)
	h := &softTrees{newNet(body, s.Trees<<s.Depth, outputs, s.Training, rng), body}
	h.scaleOutput(0) // responses that say something wrong at first would have the columns that matter unchosen
	return h, nil
}

// softTrees is a net whose features are the shares of leaves and whose output layer has their responses.
type softTrees struct {
	*net
	splits *softSplits
}

// Fit implements Hypothesis.
func (s *softTrees) Fit(ctx context.Context, x, target, weight *tensor.Tensor) error {
	s.splits.place(x, rand.New(rand.NewPCG(s.seed, 1)))
	return s.net.Fit(ctx, x, target, weight)
}

// softSplits computes what the leaves of trees get.
type softSplits struct {
	trees, depth int
	choice       *autograd.Param // F, [trees depth, columns]
	threshold    *autograd.Param // b, [trees depth]
	logScale     *autograd.Param // log t, [trees depth]
}

func newSoftSplits(trees, depth, width int, rng *rand.Rand) *softSplits {
	n := trees * depth
	s := &softSplits{
		trees: trees, depth: depth,
		choice:    autograd.NewParam(tensor.New(n, width)),
		threshold: autograd.NewParam(tensor.New(n)),
		logScale:  autograd.NewParam(tensor.New(n)),
	}
	for i := range s.choice.Value.Data() {
		s.choice.Value.Data()[i] = rng.Float32()
	}
	return s
}

// Parts implements nn.Module.
func (s *softSplits) Parts() []nn.Part {
	return []nn.Part{{Name: "choice", Param: s.choice}, {Name: "threshold", Param: s.threshold}, {Name: "log_scale", Param: s.logScale}}
}

// mixtures returns f . x of all nodes, [N, trees depth].
func (s *softSplits) mixtures(x *autograd.Var) *autograd.Var {
	return autograd.MatMul(nn.Flatten{}.Forward(x), autograd.Entmax15(s.choice.On(x)), tensor.NT)
}

// Forward implements nn.Module: it returns [N, trees 2^depth]. Of a tree's leaves the number, in binary, is their path.
func (s *softSplits) Forward(x *autograd.Var) *autograd.Var {
	n := x.Shape()[0]
	above := autograd.Sub(s.mixtures(x), s.threshold.On(x))
	shares := autograd.Entmoid15(autograd.Mul(above, autograd.Exp(autograd.Neg(s.logScale.On(x)))))
	right := autograd.Reshape(shares, n*s.trees, s.depth)
	left := autograd.AddScalar(autograd.Neg(right), 1)
	var leaves *autograd.Var
	for i := range s.depth {
		pair := autograd.Concat(1, autograd.SliceAxis(left, 1, i, i+1), autograd.SliceAxis(right, 1, i, i+1))
		if i == 0 {
			leaves = pair
			continue
		}
		// Each leaf so far becomes two, next to each other: an outer product of each row.
		size := 1 << i
		product := autograd.Mul(autograd.Reshape(leaves, n*s.trees, size, 1), autograd.Reshape(pair, n*s.trees, 1, 2))
		leaves = autograd.Reshape(product, n*s.trees, 2*size)
	}
	return autograd.Reshape(leaves, n, s.trees<<s.depth)
}

// place puts each threshold at the value of a random row, and chooses its scale such that the other rows lie in (-1, 1),
// where the share has a slope (section 3.1 there, on initialisation).
func (s *softSplits) place(x *tensor.Tensor, rng *rand.Rand) {
	const most = 1024 // rows that are looked at
	rows := rng.Perm(x.Dim(0))
	f := s.mixtures(autograd.Const(tensor.Gather(nil, x, rows[:min(most, len(rows))]))).Value()
	n, k := f.Dim(0), f.Dim(1)
	values := make([]float32, n)
	for j := range k {
		for i := range n {
			values[i] = f.At(i, j)
		}
		b := values[rng.IntN(n)]
		far := max(slices.Max(values)-b, b-slices.Min(values))
		if !(far > 0) { // a mixture that is constant says nothing
			far = 1
		}
		s.threshold.Value.Data()[j] = b
		s.logScale.Value.Data()[j] = float32(math.Log(float64(far)))
	}
}
