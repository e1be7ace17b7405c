package train

import (
	"encoding/binary"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/nn"
	"github.com/residuum-go/residuum/tensor"
)

// result is what a pass over a batch, or a part of it, says beside gradients.
type result struct {
	loss  float32
	score data.Score
}

// pass adds the gradients of a batch, or of a part of one that has such a share of it, to those of the parameters, and
// calls done, if set, for each that is complete. After a loss that is not finite there are none.
func (t *Trainer) pass(tape *autograd.Tape, batch *data.Batch, share float32, done func(*autograd.Param)) result {
	tape.Reset()
	logits := t.model.Forward(tape.Input(batch.X))
	loss := t.config.Loss(logits, batch)
	r := result{loss.Value().Item(), data.ScoreOf(logits.Value(), batch.Labels)}
	if finite(float64(r.loss)) {
		if share < 1 {
			loss = autograd.Scale(loss, share)
		}
		tape.BackwardEach(loss, done)
	}
	return r
}

// gradients makes those of a batch. Nothing but an Exchange fails.
func (t *Trainer) gradients(batch *data.Batch) (loss float64, score data.Score, err error) {
	if t.micro == nil {
		r := t.pass(t.tape, batch, 1, nil)
		return float64(r.loss), r.score, nil
	}
	results, err := t.micro.gradients(t, batch)
	for _, r := range results {
		share := float64(r.score.Examples) / float64(len(batch.Labels))
		loss += float64(share * float64(r.loss))
		score = score.Plus(r.score)
	}
	return loss, score, err
}

// micro adds up what the micro-batches of a step give: gradients, and how far they move the buffers of the model, such as
// running statistics. Micro-batch i is rank i modulo their number's, and everything is added in the order of
// micro-batches, so that no bit depends on the number of ranks. In round k all ranks have run k micro-batches.
type micro struct {
	parts, rank, ranks int
	buffers            []*tensor.Tensor
	before, moved      []*tensor.Tensor // buffers at the start of the step, and how far they are to move
	results            []result
	message            []byte
	sums               *sums                 // over ranks; nil for a process alone, which adds up in place
	done               func(*autograd.Param) // takes a gradient that is complete
	joint              *joint                // nil if micro-batches run one after the other
}

func newMicro(t *Trainer) *micro {
	m := &micro{parts: t.config.MicroBatches, ranks: 1, results: make([]result, t.config.MicroBatches)}
	for _, b := range nn.Buffers(t.model) {
		m.buffers = append(m.buffers, b)
		m.before, m.moved = append(m.before, tensor.New(b.Shape()...)), append(m.moved, tensor.New(b.Shape()...))
	}
	if t.team != nil {
		m.rank, m.ranks, m.sums = t.team.Rank(), t.team.Size(), &sums{team: t.team, parts: m.parts}
		m.done = m.sums.take
	}
	if t.config.SyncBatchNorm {
		m.joint = newJoint(t, m)
	}
	return m
}

// gradients makes those of a batch, and returns the results of its micro-batches.
func (m *micro) gradients(t *Trainer, batch *data.Batch) ([]result, error) {
	for i, b := range m.buffers {
		tensor.Copy(m.before[i], b)
		m.moved[i].Zero()
	}
	seed := t.tape.Rand().Uint64()
	if m.joint != nil {
		if err := m.joint.run(t, batch, seed); err != nil {
			return nil, err
		}
	}
	if m.sums != nil {
		defer m.sums.begin(t.params, m.moved)()
	}
	for first := 0; first < m.parts; first += m.ranks {
		switch i := first + m.rank; {
		case i >= m.parts:
		case m.joint != nil:
			m.joint.add(i)
		default:
			t.tape.Seed(seed, uint64(i))
			m.run(t, batch.Part(i, m.parts), i, len(batch.Labels))
		}
		if m.sums != nil {
			m.sums.endRound()
		}
	}
	t.tape.Seed(seed, uint64(m.parts)) // the same on all ranks
	if m.sums != nil {
		if err := m.sums.wait(); err != nil {
			return nil, err
		}
		if err := m.share(t.team); err != nil {
			return nil, err
		}
	}
	for i, b := range m.buffers {
		tensor.Add(b, m.before[i], m.moved[i])
	}
	return m.results, nil
}

// run runs micro-batch i of a batch of so many examples.
func (m *micro) run(t *Trainer, part data.Batch, i, examples int) {
	m.results[i] = result{}
	if len(part.Labels) == 0 {
		return
	}
	share := float32(len(part.Labels)) / float32(examples)
	m.results[i] = t.pass(t.tape, &part, share, m.done)
	m.move(share, m.buffers)
	for k, b := range m.buffers {
		tensor.Copy(b, m.before[k])
	}
}

// move adds a share of the way that buffers have gone since the start of the step.
func (m *micro) move(share float32, buffers []*tensor.Tensor) {
	for k, b := range buffers {
		moved, before, after := m.moved[k].Data(), m.before[k].Data(), b.Data()
		for j := range moved {
			moved[j] += float32(share * (after[j] - before[j]))
		}
	}
}

// share has all ranks know all results.
func (m *micro) share(g *team) error {
	m.message = m.message[:0]
	for i := m.rank; i < m.parts+m.rank; i += m.ranks { // as many for each rank
		var r result
		if i < m.parts {
			r = m.results[i]
		}
		m.message = appendScore(binary.LittleEndian.AppendUint32(m.message, math.Float32bits(r.loss)), r.score)
	}
	all, err := g.gather(m.message)
	if err != nil {
		return err
	}
	for i := range m.results {
		b := all[i%m.ranks][i/m.ranks*(4+scoreBytes):]
		m.results[i] = result{math.Float32frombits(binary.LittleEndian.Uint32(b)), readScore(b[4:])}
	}
	return nil
}

// scoreBytes is the length of what appendScore appends.
const scoreBytes = 4 * 8

func appendScore(b []byte, s data.Score) []byte {
	for _, v := range [...]uint64{uint64(s.Examples), uint64(s.Correct), math.Float64bits(s.LossSum), uint64(s.NonFinite)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return b
}

func readScore(b []byte) data.Score {
	v := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	return data.Score{Examples: int(v(0)), Correct: int(v(1)), LossSum: math.Float64frombits(v(2)), NonFinite: int(v(3))}
}
