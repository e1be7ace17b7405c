package unravel

import (
	"math"
	"math/rand/v2"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// Run returns the logits of the net as plan edits it. It runs on tapes as well, so a plan can be
// trained: see [ShortPaths].
//
// It panics if the plan needs reference examples (DatasetMean): use a [Study] for those.
func Run(net Network, plan Plan, x *autograd.Var) *autograd.Var {
	plan.check(net.Len())
	return runner{net: net}.logits(plan, x)
}

// runner runs the steps of plans.
type runner struct {
	net   Network
	seed  uint64
	means []*tensor.Tensor // by block: mean branch output over the reference examples [1, ...]
}

// logits runs a plan on x as if that were the first batch.
func (r runner) logits(plan Plan, x *autograd.Var) *autograd.Var {
	y := r.net.Stem(x)
	for _, s := range plan {
		y = r.step(s, 0, y)
	}
	return r.net.Head(y)
}

// step runs one step on the state y of the given batch.
func (r *runner) step(s Step, batch int, y *autograd.Var) *autograd.Var {
	i := s.Block
	if s.Do == Delete {
		return bypass(r.net, i, y)
	}
	if s.Do == Keep {
		return whole(r.net, i, y)
	}
	f := r.ablate(s, batch, r.net.Branch(i, y))
	return r.net.Join(i, skip(r.net, i, y), f)
}

// ablate returns what the step makes of the branch output f.
func (r *runner) ablate(s Step, batch int, f *autograd.Var) *autograd.Var {
	shape := f.Shape()
	switch s.Do {
	case Zero:
		return autograd.Const(tensor.New(shape...))
	case DatasetMean:
		if r.means == nil {
			panic("unravel: Run: the dataset mean needs a Study")
		}
		return autograd.BroadcastTo(autograd.Const(r.means[s.Block]), shape...)
	case BatchMean:
		return autograd.BroadcastTo(autograd.MeanKeep(f, 0), shape...)
	case Resample:
		return autograd.Gather(f, others(r.rand(s, batch), shape[0]))
	case Noise:
		std := float64(s.Amount) * rms(f.Value())
		noise := tensor.New(shape...)
		rng := r.rand(s, batch)
		for i := range noise.Data() {
			noise.Data()[i] = float32(std * rng.NormFloat64())
		}
		return autograd.Add(f, autograd.Const(noise))
	case Scale:
		return autograd.Scale(f, s.Amount)
	default: // Keep
		return f
	}
}

// rand returns the random numbers of one step on one batch. They do not depend on what else is
// measured, nor on the order in which it is.
func (r *runner) rand(s Step, batch int) *rand.Rand {
	const odd = 0x9e3779b97f4a7c15
	return rand.New(rand.NewPCG(r.seed^s.Draw*odd, uint64(s.Block)<<32|uint64(batch)))
}

// others returns for each of n examples a different one: a random cyclic order, in which everyone
// gets its successor.
func others(rng *rand.Rand, n int) []int {
	order := rng.Perm(n)
	to := make([]int, n)
	for i, e := range order {
		to[e] = order[(i+1)%n]
	}
	return to
}

func rms(t *tensor.Tensor) float64 {
	if t.Len() == 0 {
		return 0
	}
	return tensor.Norm(t) / math.Sqrt(float64(t.Len()))
}
