package train

import (
	"encoding/binary"
	"iter"
	"math"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// joint runs the micro-batches of a rank at once, so that batch norms have the statistics of the whole batch. Each
// micro-batch is a coroutine with a tape of its own. One runs at a time, with its own gradients and buffers in the model,
// until it comes to a batch norm, forward or backward. When all of them have, ranks tell each other where theirs are, and
// what these bring to the first batch norm that any is at: in the order of the model, and backward in the reverse. Those
// that are there go on. The others wait, as with stochastic depth, where micro-batches leave out different blocks.
type joint struct {
	*micro
	team    *team
	params  []*autograd.Param
	numbers map[*tensor.Tensor]int // of params, by their values
	own     []*coroutine           // of this rank: micro-batch rank + k*ranks
	where   []point                // all micro-batches are
	room    [][]float64            // for what they bring
	brought [][]float64            // by those that are at the same point, in their order
	message []byte
}

// coroutine is a micro-batch under way.
type coroutine struct {
	arrival
	tape    *autograd.Tape
	share   float32          // of the batch; 0 without images
	grads   []*tensor.Tensor // of all params; nil of a frozen one
	buffers []*tensor.Tensor // of the model
	next    func() (arrival, bool)
	stopped bool
}

// arrival is where a micro-batch has come to, and what it brings.
type arrival struct {
	at      point
	numbers []float64
}

// point is a place in a step where micro-batches meet: the batch norm of parameter k forward is k + 1, and backward lies
// as far from the end.
type point uint32

const (
	begin point = 0
	end   point = math.MaxUint32
)

func newJoint(t *Trainer, m *micro) *joint {
	j := &joint{
		micro: m, team: t.team, params: t.params, numbers: numbers(t.params),
		where: make([]point, m.parts), room: make([][]float64, m.parts),
	}
	for i := m.rank; i < m.parts; i += m.ranks {
		c := &coroutine{tape: autograd.NewTape(0), grads: make([]*tensor.Tensor, len(t.params))}
		for _, b := range m.buffers {
			c.buffers = append(c.buffers, tensor.New(b.Shape()...))
		}
		j.own = append(j.own, c)
	}
	return j
}

// numbers returns the place of each parameter among all, by its value.
func numbers(params []*autograd.Param) map[*tensor.Tensor]int {
	at := map[*tensor.Tensor]int{}
	for k, p := range params {
		at[p.Value] = k
	}
	return at
}

// norm returns the place of a batch norm's Gamma in numbers.
func norm(numbers map[*tensor.Tensor]int, gamma *tensor.Tensor) int {
	k, ok := numbers[gamma]
	if !ok {
		panic("train: SyncBatchNorm: the Gamma of a batch norm is no parameter of the model")
	}
	return k
}

func (j *joint) point(gamma *tensor.Tensor, backward bool) point {
	distance := 1 + point(norm(j.numbers, gamma))
	if backward {
		return end - distance
	}
	return begin + distance
}

// brings returns how many numbers each micro-batch brings to a point, see [autograd.Tape.SyncBatchNorm].
func (j *joint) brings(at point) int {
	if k := at - begin - 1; k < point(len(j.params)) {
		return 1 + 2*j.params[k].Value.Len()
	}
	return 2 * j.params[end-at-1].Value.Len()
}

// run runs the micro-batches of this rank. It leaves the gradients and buffers of the model as they were: add adds what
// came of one of them.
func (j *joint) run(t *Trainer, batch *data.Batch, seed uint64) error {
	grads := make([]*tensor.Tensor, len(j.params))
	for k, p := range j.params {
		grads[k] = p.Grad
	}
	defer j.load(grads, j.before)
	for k, c := range j.own {
		i := j.rank + k*j.ranks
		part := batch.Part(i, j.parts)
		j.results[i], c.share, c.at = result{}, float32(len(part.Labels))/float32(len(batch.Labels)), end
		if c.share > 0 {
			c.tape.Seed(seed, uint64(i))
			defer c.start(j, func() { j.results[i] = t.pass(c.tape, &part, c.share, nil) })()
		}
	}
	for at := begin; at != end; {
		for _, c := range j.own {
			if c.at == at {
				j.resume(c)
			}
		}
		var err error
		if at, err = j.meet(); err != nil {
			return err
		}
	}
	return nil
}

// load sets the gradients and buffers of the model.
func (j *joint) load(grads, buffers []*tensor.Tensor) {
	for k, p := range j.params {
		p.Grad = grads[k]
	}
	for k, b := range j.buffers {
		tensor.Copy(b, buffers[k])
	}
}

// resume lets a micro-batch go on to the next point.
func (j *joint) resume(c *coroutine) {
	j.load(c.grads, c.buffers)
	var ok bool
	if c.arrival, ok = c.next(); !ok {
		c.at = end
	}
	for k, b := range j.buffers {
		tensor.Copy(c.buffers[k], b)
	}
}

// start makes a pass a coroutine, which resume runs. stop ends one that has not come to its end.
func (c *coroutine) start(j *joint, pass func()) (stop func()) {
	for k, p := range j.params {
		switch {
		case p.Frozen:
			c.grads[k] = nil
		case c.grads[k] == nil:
			c.grads[k] = tensor.New(p.Value.Shape()...)
		default:
			c.grads[k].Zero()
		}
	}
	for k, b := range j.before {
		tensor.Copy(c.buffers[k], b)
	}
	c.at, c.stopped = begin, false
	c.next, stop = iter.Pull(func(yield func(arrival) bool) {
		defer func() {
			if c.stopped {
				_ = recover() // of the panic below
				c.tape = autograd.NewTape(0)
			}
		}()
		c.tape.SyncBatchNorm(func(gamma *tensor.Tensor, backward bool, own []float64) [][]float64 {
			if !yield(arrival{j.point(gamma, backward), own}) {
				c.stopped = true
				panic("train: this step has ended")
			}
			return j.brought
		})
		pass()
	})
	return stop
}

// meet returns the first point where a micro-batch is, of any rank, and has all know what those that are there bring.
func (j *joint) meet() (at point, err error) {
	err = j.tell(4, func(b []byte, c *coroutine) { binary.LittleEndian.PutUint32(b, uint32(c.at)) }, func(i int, b []byte) {
		j.where[i] = point(binary.LittleEndian.Uint32(b))
	})
	at = end
	for _, p := range j.where {
		at = min(at, p)
	}
	if err != nil || at == end {
		return at, err
	}
	n := j.brings(at)
	j.brought = j.brought[:0]
	return at, j.tell(8*n, func(b []byte, c *coroutine) {
		for k, v := range c.numbers {
			if c.at == at {
				binary.LittleEndian.PutUint64(b[8*k:], math.Float64bits(v))
			}
		}
	}, func(i int, b []byte) {
		if j.where[i] != at {
			return
		}
		j.room[i] = j.room[i][:0]
		for ; len(b) > 0; b = b[8:] {
			j.room[i] = append(j.room[i], math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
		j.brought = append(j.brought, j.room[i])
	})
}

// tell calls write with room for so many bytes of each own micro-batch, and read with what was written of each of all
// ranks, in their order.
func (j *joint) tell(size int, write func(b []byte, c *coroutine), read func(i int, b []byte)) error {
	j.message = append(j.message[:0], make([]byte, size*((j.parts+j.ranks-1)/j.ranks))...) // as long for each rank
	for k, c := range j.own {
		write(j.message[k*size:][:size], c)
	}
	all, err := j.team.gather(j.message)
	if err != nil {
		return err
	}
	for i := range j.parts {
		read(i, all[i%j.ranks][i/j.ranks*size:][:size])
	}
	return nil
}

// add adds what came of micro-batch i, which is of this rank, to the gradients and to what buffers are to move by.
func (j *joint) add(i int) {
	c := j.own[i/j.ranks]
	if c.share == 0 {
		return
	}
	for k, p := range j.params {
		if c.grads[k] != nil {
			tensor.Add(p.Grad, p.Grad, c.grads[k])
		}
	}
	j.move(c.share, c.buffers)
}
