package boost

import (
	"context"
	"fmt"
	"iter"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// settle corrects the ensemble, if it is to be, and reports on it. On an error the last stage is gone, and those before it
// are what they were.
func (b *booster) settle(ctx context.Context, seed uint64, rows int, rho float64) (r Report, err error) {
	e, before := b.ensemble, memory(nil)
	if b.Corrective != nil {
		before = e.remember()
		err = b.correct(ctx, seed)
	}
	if err == nil {
		r, err = b.report(e.Len(), rows, rho)
	}
	if err != nil {
		e.stages = e.stages[:e.Len()-1]
		if before != nil {
			e.recall(before)
		}
	}
	return r, err
}

// correct trains all learners and their factors nu rho on the loss itself (Badirli et al. 2020, section 3.3: the corrective
// step, with boost rates that are learned), and computes the state of the ensemble anew.
func (b *booster) correct(ctx context.Context, seed uint64) error {
	e := b.ensemble
	scales := make([]*autograd.Param, len(e.stages))
	for m, s := range e.stages {
		scales[m] = autograd.NewParam(s.scale)
	}
	rows := newBatch(b.Corrective.size(b.train.Y.Dim(0)), b.train.flat, b.train.Y, b.train.Weight)
	err := b.Corrective.descend(ctx, e.trainable(scales), b.train.Y.Dim(0), seed, func(tape *autograd.Tape, chosen []int) *autograd.Var {
		rows.load(chosen)
		loss := b.Loss.Rows(e.scores(tape.Input(rows.x), scales), rows.target)
		if rows.weight != nil {
			loss = autograd.Mul(loss, autograd.Const(rows.weight))
		}
		return autograd.Mean(loss)
	})
	if err != nil {
		return err
	}
	b.train.run = e.after(b.train.X, b.Chained)
	for s := range b.holdouts() {
		s.run = e.after(s.X, b.Chained)
	}
	return nil
}

// trainable yields the factors and the parameters of all learners.
func (e *Ensemble) trainable(scales []*autograd.Param) iter.Seq2[string, *autograd.Param] {
	return func(yield func(string, *autograd.Param) bool) {
		for m, p := range scales {
			if !yield(fmt.Sprintf("scales.%d", m), p) {
				return
			}
		}
		for name, p := range nn.Params(e) {
			if !yield(name, p) {
				return
			}
		}
	}
}

// scores returns F_M(x) for flat rows x, with the factors as parameters.
func (e *Ensemble) scores(x *autograd.Var, scales []*autograd.Param) *autograd.Var {
	n := x.Shape()[0]
	f, z := autograd.BroadcastTo(autograd.Const(e.start), n, e.outputs), (*autograd.Var)(nil)
	for m, s := range e.stages {
		var h *autograd.Var
		if e.features == 0 {
			h = s.learner.Forward(autograd.Reshape(x, append([]int{n}, e.row...)...))
		} else {
			in, l := x, s.learner.(Featured)
			if s.sees == 0 {
				in = autograd.Reshape(x, append([]int{n}, e.row...)...)
			} else {
				in = autograd.Concat(1, x, z)
			}
			z = l.Features(in)
			h = l.Output(z)
		}
		f = autograd.Add(f, autograd.Mul(h, scales[m].On(h)))
	}
	return f
}

// after returns the state after all stages.
func (e *Ensemble) after(x *tensor.Tensor, chained bool) *run {
	r := e.run(x, chained)
	for _, s := range e.stages {
		h, z := r.output(s.learner, s.sees)
		r.add(h, z, s.scale.Item())
	}
	return r
}

// memory is what the first so many stages were at some time. Corrective steps change stages that are there already.
type memory []*tensor.Tensor

func (e *Ensemble) remember() (m memory) {
	for _, t := range nn.State(e) {
		m = append(m, t.Clone())
	}
	return m
}

// recall gives back to the stages that e has what they were. Later ones would stand behind them.
func (e *Ensemble) recall(m memory) {
	i := 0
	for _, t := range nn.State(e) {
		tensor.Copy(t, m[i])
		i++
	}
}
