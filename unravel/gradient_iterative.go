package unravel

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
	"github.com/residuum-go/residuum/tensor"
)

// Iteration says how far one residual block acts like a stage of gradient boosting.
type Iteration struct {
	Block int    `json:"block"`
	Name  string `json:"name,omitempty"` // of the block
	// Cosine is that between what the branch adds, f_i(y_i), and the negative gradient of the loss
	// by y_i from backpropagation, over the examples (Jastrzebski et al. 2018, section 4).
	Cosine Spread `json:"cosine"`
	// EarlyCosine is the same with the gradient of the early-exit loss, all later blocks deleted:
	// the pseudo-residual that a boosting stage would be fitted to.
	EarlyCosine Spread `json:"early_cosine"`
	// Ratio is |f_i(y_i)| / |y_i|, over the examples.
	Ratio Spread `json:"ratio"`
	// Exit is the early-exit score after the block, and LossRemoved by how much the block lowers
	// the early-exit loss. LossRemoved adds up, over the blocks, to the loss of the stem's
	// output minus that of the whole net.
	Exit        data.Score `json:"exit"`
	LossRemoved float64    `json:"loss_removed"`
}

// IterativeReport is what Iterative finds.
type IterativeReport struct {
	Stem   data.Score  `json:"stem"` // of y_0 read out by the head
	Blocks []Iteration `json:"blocks"`
}

// Iterative measures iterative inference on every block that sums (Jastrzebski et al. 2018, "Residual Connections
// Encourage Iterative Inference").
//
// Where a block changes the shape, f_i and the gradient by y_i cannot be compared; the gradient by the
// skip's output takes its place. An example whose gradient or branch output is zero has no cosine
// and is left out.
func (s *Study) Iterative(ctx context.Context) (*IterativeReport, error) {
	n := s.net.Len()
	m := iteration{
		study: s, net: s.net, tape: evaluationTape(),
		cosine: make([][]float64, n), early: make([][]float64, n), ratio: make([][]float64, n),
		exits: make([]data.Score, n+1),
	}
	p := progress{report: s.opts.Progress, total: n * len(s.batches)}
	for b := range s.batches {
		if err := m.batch(ctx, b, &p); err != nil {
			return nil, fmt.Errorf("unravel: Iterative: %w", err)
		}
	}
	r := &IterativeReport{Stem: m.exits[0]}
	for i := range n {
		if !s.net.Sums(i) {
			continue
		}
		r.Blocks = append(r.Blocks, Iteration{
			Block: i, Name: BlockName(s.net, i), Cosine: spread(m.cosine[i]), EarlyCosine: spread(m.early[i]), Ratio: spread(m.ratio[i]),
			Exit: m.exits[i+1], LossRemoved: m.exits[i].Loss() - m.exits[i+1].Loss(),
		})
	}
	return r, nil
}

// spread is SpreadOf, but zero if there are no values.
func spread(v []float64) Spread {
	if len(v) == 0 {
		return Spread{}
	}
	return SpreadOf(v)
}

// iteration collects values per block and example.
type iteration struct {
	study                *Study
	net                  Network
	tape                 *autograd.Tape
	cosine, early, ratio [][]float64
	exits                []data.Score
}

func (m *iteration) batch(ctx context.Context, batch int, p *progress) error {
	n, labels := m.net.Len(), m.study.batches[batch].Labels
	acts, err := m.study.record(batch, false)
	if err != nil {
		return err
	}
	m.score(acts, n, labels)
	g := lossGradient(m.tape, m.net, acts.State[n], labels)
	for i := n - 1; i >= 0; i-- {
		if err := cancelled.Err(ctx); err != nil {
			return err
		}
		m.score(acts, i, labels)
		b := recordBlock(m.tape, m.net, i, acts.State[i])
		bySkip, byBranch := b.split(g)
		g = b.through(bySkip, byBranch)
		if b.skip != nil {
			f, y := b.branch.Value(), acts.State[i]
			against := g
			if !slices.Equal(f.Shape(), y.Shape()) {
				against = bySkip.Value()
			}
			m.cosine[i] = append(m.cosine[i], cosines(f, against)...)
			m.ratio[i] = append(m.ratio[i], ratios(f, y)...)
			m.early[i] = append(m.early[i], cosines(f, m.earlyGradient(b, i, labels))...)
		}
		p.add(1)
	}
	return nil
}

// score adds the early-exit score of y_i.
func (m *iteration) score(acts *Activations, i int, labels []int) {
	logits := exit(m.net, autograd.Const(acts.State[i]), i).Value()
	m.exits[i] = m.exits[i].Plus(data.ScoreOf(logits, labels))
}

// earlyGradient returns the gradient of the early-exit loss by the skip's output of block i, which is
// y_i for an identity skip, with block i and all later ones deleted. It extends b's tape.
func (m *iteration) earlyGradient(b *block, i int, labels []int) *tensor.Tensor {
	logits := exit(m.net, m.net.Join(i, b.skipLeaf, nil), i+1)
	return autograd.VJP(autograd.CrossEntropy(logits, labels, 0), nil, b.skipLeaf)[0].Value()
}

// cosines returns for each example the cosine between f and -g.
func cosines(f, g *tensor.Tensor) []float64 {
	n := f.Dim(0)
	each := f.Len() / n
	var cs []float64
	for e := range n {
		a, b := f.Data()[e*each:(e+1)*each], g.Data()[e*each:(e+1)*each]
		if size := math.Sqrt(dot(a, a)) * math.Sqrt(dot(b, b)); size > 0 {
			cs = append(cs, -dot(a, b)/size)
		}
	}
	return cs
}

// ratios returns |f| / |y| for each example with |y| > 0.
func ratios(f, y *tensor.Tensor) []float64 {
	n := f.Dim(0)
	var rs []float64
	for e := range n {
		a, b := f.Slice(e, e+1), y.Slice(e, e+1)
		if size := tensor.Norm(b); size > 0 {
			rs = append(rs, tensor.Norm(a)/size)
		}
	}
	return rs
}
