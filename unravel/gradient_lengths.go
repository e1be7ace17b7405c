package unravel

import (
	"cmp"
	"context"
	"fmt"

	"github.com/residuum-go/residuum/unravel/paths"
)

// LengthOptions says what Lengths measures.
type LengthOptions struct {
	Draws int // random paths per length, as in SampleOptions; 0 for no sampling
	Signs int // random sign draws per batch for the RMS norm; 0 for none
	Limit int // longest path length; 0, or more than the net has blocks, for no limit
}

// Lengths is everything about one path length. Counts and norms are [paths.Log]s, since deep nets take them out of the
// range of float64: Value and String give the quantity itself, and [LengthReport] the shares.
type Lengths struct {
	Length int `json:"length"`
	// Count is the number of paths, and Share their part of all paths.
	Count paths.Log `json:"log_count"`
	Share float64   `json:"share"`
	// Exact is the norm of the gradient that all paths of this length carry together to y_0, mean
	// over the batches: the norm of a sum.
	Exact paths.Log `json:"log_exact"`
	// Sampled is the mean norm for a single path, and Bound that times the number of paths: the
	// sum of the norms, which no sum can exceed (the quantity of Veit 2016, figure 6c).
	Sampled *SampledNorm `json:"sampled,omitempty"`
	Bound   paths.Log    `json:"log_bound"`
	// RMS is the root mean square norm of a single path, by random signs, and Incoherent the norm that their sum
	// would have if they were orthogonal, RMS times the root of the number of paths.
	RMS        paths.Log `json:"log_rms"`
	Incoherent paths.Log `json:"log_incoherent"`
	// Cancellation is Exact / Bound, at most 1: what is left of the paths' norms after they have
	// cancelled in part. Alignment is Exact / Incoherent: below 1 the paths oppose each other,
	// above 1 they agree. Both are the logarithm of zero when not measured.
	Cancellation paths.Log `json:"log_cancellation"`
	Alignment    paths.Log `json:"log_alignment"`
}

// check returns an error that names the option that does not fit.
func (o LengthOptions) check() error {
	switch {
	case o.Draws < 0:
		return misfit("LengthOptions", "Draws", o.Draws, "want 0 or more")
	case o.Signs < 0:
		return misfit("LengthOptions", "Signs", o.Signs, "want 0 or more")
	}
	return nil
}

// LengthReport is what Lengths finds.
type LengthReport struct {
	ByLength []Lengths `json:"by_length"` // from the shortest path to the longest, or to the limit
	// Whole is the norm of the ordinary gradient by y_0, mean over the batches.
	Whole paths.Log `json:"log_whole"`
	// Shares of 90, 95 and 99 % of the sum over lengths of Bound and of Exact.
	EffectiveSampled []paths.EffectiveLengths `json:"effective_sampled,omitempty"`
	EffectiveExact   []paths.EffectiveLengths `json:"effective_exact"`
	// State[i] is Exact at the state y_i: the logarithm of the norm by length.
	State [][]paths.Log `json:"log_exact_by_state"`
}

// ExactShares returns for each entry of ByLength the part of Exact in the sum over lengths.
func (r *LengthReport) ExactShares() []float64 {
	return r.shares(func(l Lengths) paths.Log { return l.Exact })
}

// BoundShares returns for each entry of ByLength the part of Bound in the sum over lengths (Veit 2016, figure 6c), zeros
// without Draws.
func (r *LengthReport) BoundShares() []float64 {
	return r.shares(func(l Lengths) paths.Log { return l.Bound })
}

// RMSShares returns for each entry of ByLength the part of Count times RMS in the sum over lengths, zeros without Signs.
func (r *LengthReport) RMSShares() []float64 {
	return r.shares(func(l Lengths) paths.Log { return l.RMS + l.Count })
}

func (r *LengthReport) shares(of func(Lengths) paths.Log) []float64 {
	ls := make([]paths.Log, len(r.ByLength))
	for i, l := range r.ByLength {
		ls[i] = of(l)
	}
	return paths.Shares(ls)
}

// Lengths measures the gradient by path length in every way the package knows, and sets them against
// each other: sampled as in Veit 2016, figure 6, exact, and in the RMS of single paths.
func (s *Study) Lengths(ctx context.Context, o LengthOptions) (*LengthReport, error) {
	set := PathsOf(s.net)
	limit, err := longest("LengthOptions", o.Limit, set)
	if err = cmp.Or(err, o.check()); err != nil {
		return nil, err
	}
	lo := set.Shortest()
	r := &LengthReport{}
	for k := lo; k <= limit; k++ {
		r.ByLength = append(r.ByLength, Lengths{
			Length: k, Count: set.LogCount(k), Share: set.Share(k, k),
			Bound: paths.LogZero, RMS: paths.LogZero, Incoherent: paths.LogZero, Cancellation: paths.LogZero, Alignment: paths.LogZero,
		})
	}
	p := progress{report: s.opts.Progress}
	for after := range set.Blocks() {
		p.total += len(s.batches) * (1 + o.Signs) * passes(after+1, limit)
	}
	if o.Draws > 0 {
		for _, l := range r.ByLength {
			count, _ := drawn(set, l.Length, len(s.batches), o.Draws)
			p.total += count * set.Blocks()
		}
	}
	if err := s.exactLengths(ctx, o, limit, set, r, &p); err != nil {
		return nil, fmt.Errorf("unravel: Lengths: %w", err)
	}
	if o.Draws > 0 {
		if err := s.sampledLengths(ctx, o.Draws, r, &p); err != nil {
			return nil, fmt.Errorf("unravel: Lengths: %w", err)
		}
	}
	exact, bound := make([]paths.Log, limit+1), make([]paths.Log, limit+1)
	for k := range lo {
		exact[k], bound[k] = paths.LogZero, paths.LogZero
	}
	for i := range r.ByLength {
		l := &r.ByLength[i]
		exact[l.Length], bound[l.Length] = l.Exact, l.Bound
		if l.Bound != paths.LogZero {
			l.Cancellation = l.Exact - l.Bound
		}
		if l.Incoherent != paths.LogZero {
			l.Alignment = l.Exact - l.Incoherent
		}
	}
	for _, fraction := range []float64{0.90, 0.95, 0.99} {
		r.EffectiveExact = append(r.EffectiveExact, set.Effective(exact, fraction))
		if o.Draws > 0 {
			r.EffectiveSampled = append(r.EffectiveSampled, set.Effective(bound, fraction))
		}
	}
	return r, nil
}

// exactLengths fills in Exact, RMS and State, averaged over the batches.
func (s *Study) exactLengths(ctx context.Context, o LengthOptions, limit int, set paths.Set, r *LengthReport, p *progress) error {
	n := set.Blocks()
	var norms [][][]paths.Log // by batch, state, length
	var squares [][]paths.Log // by draw, of all batches
	var whole []paths.Log
	for b := range s.batches {
		g, err := s.gradientByLength(ctx, b, limit, p.part())
		if err != nil {
			return err
		}
		norms = append(norms, g.Norm)
		whole = append(whole, g.Whole)
		if o.Signs > 0 {
			q, err := s.squares(ctx, b, limit, o.Signs, p.part())
			if err != nil {
				return err
			}
			squares = append(squares, q...)
		}
	}
	r.Whole = paths.LogMean(whole...)
	r.State = make([][]paths.Log, n+1)
	for i := range r.State {
		r.State[i] = make([]paths.Log, limit+1)
		for k := range r.State[i] {
			each := make([]paths.Log, len(norms))
			for b := range norms {
				each[b] = norms[b][i][k]
			}
			r.State[i][k] = paths.LogMean(each...)
		}
	}
	var rms []paths.Log
	if o.Signs > 0 {
		rms = rmsNorms(set, squares)
	}
	for i := range r.ByLength {
		l := &r.ByLength[i]
		l.Exact = r.State[0][l.Length]
		if rms != nil && rms[l.Length] != paths.LogZero {
			l.RMS = rms[l.Length]
			l.Incoherent = l.RMS + l.Count/2
		}
	}
	return nil
}

// sampledLengths fills in Sampled and Bound.
func (s *Study) sampledLengths(ctx context.Context, draws int, r *LengthReport, p *progress) error {
	var lengths []int
	for _, l := range r.ByLength {
		lengths = append(lengths, l.Length)
	}
	sampled, err := s.sampleGradients(ctx, SampleOptions{Lengths: lengths, Draws: draws}, p.part())
	if err != nil {
		return err
	}
	for i := range sampled {
		r.ByLength[i].Sampled = &sampled[i]
		if sampled[i].Mean != paths.LogZero {
			r.ByLength[i].Bound = sampled[i].Mean + r.ByLength[i].Count
		}
	}
	return nil
}
