package train

import (
	"context"
	"math/rand/v2"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/internal/cancelled"
)

// validate returns the score on Config.Valid: the sum of those of its batches, in their order. Each rank evaluates as many
// batches that follow each other. Logits that are not finite are no error: the score says so, and whoever likes may end
// the run.
func (t *Trainer) validate(ctx context.Context) (data.Score, error) {
	valid, batch := t.config.Valid, t.loader.State().Batch
	if t.team != nil {
		per := t.validBatches() * batch
		lo := min(t.team.Rank()*per, valid.Len())
		valid = span{valid, lo, min(per, valid.Len()-lo)}
	}
	scores, err := evaluate(ctx, t.model, data.Batches(valid, t.loader.Norm(), batch))
	switch {
	case ctx.Err() != nil:
		return data.Score{}, cancelled.Err(ctx)
	case err != nil:
		return data.Score{}, err
	}
	if t.team != nil {
		if scores, err = t.shareScores(scores); err != nil {
			return data.Score{}, err
		}
	}
	return sum(scores), nil
}

// validBatches returns the number of batches that a rank evaluates, if there are enough.
func (t *Trainer) validBatches() int {
	per := t.loader.State().Batch * t.team.Size()
	return (t.config.Valid.Len() + per - 1) / per
}

// shareScores returns the scores of the batches of all ranks.
func (t *Trainer) shareScores(own []data.Score) (all []data.Score, err error) {
	if err := t.team.agree(nil); err != nil {
		return nil, err
	}
	n := t.validBatches()
	var message []byte
	for i := range n {
		var s data.Score // of a batch that there is not
		if i < len(own) {
			s = own[i]
		}
		message = appendScore(message, s)
	}
	messages, err := t.team.gather(message)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		for i := range n {
			all = append(all, readScore(m[i*scoreBytes:]))
		}
	}
	return all, nil
}

// span is some images of a source that follow each other.
type span struct {
	data.Source
	from, len int
}

func (s span) Len() int { return s.len }

func (s span) Label(i int) int { return s.Source.Label(s.from + i) }

func (s span) Read(i int, rng *rand.Rand) ([]uint8, error) { return s.Source.Read(s.from+i, rng) }
