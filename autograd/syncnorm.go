package autograd

import "github.com/residuum-go/residuum/tensor"

// syncNorm is how batch norms come to the statistics of a batch of which their tape holds a part.
type syncNorm struct {
	gather func(gamma *tensor.Tensor, backward bool, own []float64) (all [][]float64)
	own    []float64
}

// SyncBatchNorm makes batch norms by the batch's statistics, here and on other tapes, take those of one whole batch
// that each tape holds a part of: mean and variance, and in the backward pass the two sums of their gradient. So the
// gradient by x is that of the sum of all losses, while those by Gamma and Beta are the part's, to be added up. It is
// PyTorch's SyncBatchNorm.
//
// Every such batch norm calls gather once, and once more when a gradient is passed back through it, with its Gamma,
// which tells batch norms apart, and numbers of this part. It is to return the numbers of all parts that come there, of
// this one too, in the same order on all tapes, which therefore have results of the same bits. They are read before
// gather is called again. nil, the start, leaves each tape with statistics of its own.
//
// Second derivatives are not known here: [Grad] through such a batch norm is a panic.
func (t *Tape) SyncBatchNorm(gather func(gamma *tensor.Tensor, backward bool, own []float64) (all [][]float64)) {
	t.sync.gather = gather
}

// syncs reports whether a batch norm y has the statistics of more than its tape.
func (y *Var) syncs() bool { return y.tape != nil && y.tape.sync.gather != nil }

// moments makes those of a part those of the batch, by the pairwise formula (Chan, Golub & LeVeque 1983, equation 2.1):
// for parts a and b with d = mean(b) - mean(a)
//
//	mean = mean(a) + d * rows(b)/rows
//	M2 = M2(a) + M2(b) + d^2 * rows(a)*rows(b)/rows,  M2 = variance * rows
func (s *syncNorm) moments(n *Norm, m tensor.Moments) tensor.Moments {
	mean, low, variance := m.Mean.Data(), m.MeanLow.Data(), m.Variance.Data()
	s.own = append(s.own[:0], float64(m.Rows))
	for c := range mean {
		s.own = append(s.own, float64(mean[c])+float64(low[c]), float64(variance[c]))
	}
	all := s.gather(n.Gamma.value, false, s.own)
	for c := range mean {
		var rows, center, m2 float64
		for _, part := range all {
			of, d, v := part[0], part[1+2*c]-center, part[2+2*c]
			if of == 0 {
				continue
			}
			share := of / (rows + of)
			center += float64(d * share)
			m2 += float64(v*of) + float64(d*d*rows*share)
			rows += of
		}
		m.Rows = int(rows)
		mean[c] = float32(center)
		low[c] = float32(center - float64(mean[c]))
		variance[c] = float32(m2 / rows)
	}
	tensor.InvStd(m.InvStd, m.Variance, n.Eps)
	return m
}

// sums returns what normGrad takes of x, a part of m.Rows rows, for [normSums] of it: those of all parts, for each of
// the part's rows as for each of the batch.
func (s *syncNorm) sums(x, gamma, own *Var, m tensor.Moments) *tensor.Tensor {
	if own.tape.recording {
		panic("autograd: BatchNorm: Grad through a synchronised one: second derivatives are not known")
	}
	s.own = s.own[:0]
	for _, v := range own.value.Data() {
		s.own = append(s.own, float64(v))
	}
	all := s.gather(gamma.value, true, s.own)
	share := float64(x.value.Len()/channels(x)) / float64(m.Rows)
	forX := own.scratch(own.Shape()...)
	for i := range forX.Data() {
		sum := 0.0
		for _, part := range all {
			sum += part[i]
		}
		forX.Data()[i] = float32(share * sum)
	}
	return forX
}
