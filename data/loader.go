package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"

	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// LoaderConfig says how a [Loader] makes batches.
type LoaderConfig struct {
	Batch   int // images; the last batch of an epoch may hold fewer
	Shuffle bool
	Augment Augment
	Norm    Norm
	Seed    uint64
	Workers int // goroutines that prepare batches ahead; 0 means 1
}

// State is the place of a [Loader] in its endless sequence of batches.
type State struct {
	Seed  uint64 `json:"seed"`
	Epoch int    `json:"epoch"`
	Next  int    `json:"next"` // images of the epoch already handed out
	// Len and Batch tell whether a state belongs to a loader.
	Len   int `json:"len"`
	Batch int `json:"batch"`
}

// Loader yields a dataset in batches, epoch by epoch. It may be used by one goroutine at a time.
type Loader struct {
	set    *Dataset
	config LoaderConfig
	table  [][256]float32
	state  State
	order  []int
	slots  []*slot
	active bool
}

// NewLoader returns a loader of d that starts at epoch 0. It is a [*residuum.ConfigError] if c makes no sense for d,
// and an error if d is nil or empty or one that [New] would refuse.
func NewLoader(d *Dataset, c LoaderConfig) (*Loader, error) {
	if err := c.check(d); err != nil {
		return nil, err
	}
	c.Batch = min(c.Batch, d.Len())
	l := &Loader{
		set: d, config: c, table: c.Norm.table(d.Channels),
		state: State{Seed: c.Seed, Len: d.Len(), Batch: c.Batch},
		order: make([]int, d.Len()),
	}
	l.config.Workers = min(max(c.Workers, 1), l.Steps()) // each worker has memory of its own
	return l, nil
}

func (c LoaderConfig) check(d *Dataset) error {
	if d == nil || d.Len() == 0 {
		return errors.New("data: NewLoader: no images")
	}
	if err := d.check(); err != nil {
		return err
	}
	pad, side, norm := c.Augment.Pad, min(d.Height, d.Width), c.Norm.check(d.Channels)
	return demand.All("data.LoaderConfig",
		demand.That(c.Batch >= 1, "Batch", c.Batch, "want at least 1"),
		demand.That(c.Workers >= 0, "Workers", c.Workers, "want goroutines, or 0 for 1"),
		demand.That(pad >= 0 && pad < side, "Augment.Pad", pad, fmt.Sprintf("want 0 to %d, or crops could show nothing of the images", side-1)),
		demand.That(norm == nil, "Norm", c.Norm, fmt.Sprint(norm)),
	)
}

// Norm returns how the loader normalises.
func (l *Loader) Norm() Norm { return l.config.Norm }

// Dataset returns the set that the loader draws from.
func (l *Loader) Dataset() *Dataset { return l.set }

// Steps returns the number of batches in an epoch.
func (l *Loader) Steps() int { return (l.set.Len() + l.config.Batch - 1) / l.config.Batch }

// State returns the place right after the batch that was handed out last.
func (l *Loader) State() State { return l.state }

// SetState puts the loader at a place that State returned, for a loader with the same dataset and
// batch size.
func (l *Loader) SetState(s State) error {
	if s.Len != l.set.Len() || s.Batch != l.config.Batch {
		return fmt.Errorf("data: loader state of %d images in batches of %d, not of %d in batches of %d",
			s.Len, s.Batch, l.set.Len(), l.config.Batch)
	}
	if s.Epoch < 0 || s.Next < 0 || s.Next >= s.Len || s.Next%s.Batch != 0 {
		return fmt.Errorf("data: loader state at image %d of %d in epoch %d, batches of %d", s.Next, s.Len, s.Epoch, s.Batch)
	}
	l.state = s
	return nil
}

// Epoch yields the batches that are left of the current epoch, all of them at its start. It ends
// early when ctx is done. A batch is valid until the loop asks for the next one. Goroutines run only
// while the loop does: they are gone when it ends, however it ends.
//
//	for batch := range loader.Epoch(ctx) { ... }
func (l *Loader) Epoch(ctx context.Context) iter.Seq[*Batch] {
	return func(yield func(*Batch) bool) {
		if l.active {
			panic("data: Loader: Epoch inside a loop over Epoch")
		}
		l.active = true
		defer func() { l.active = false }()
		l.shuffle()
		ahead := l.prefetch()
		defer ahead.stop()
		for k := l.state.Next / l.config.Batch; k < l.Steps(); k++ {
			s := l.slots[k%len(l.slots)]
			select {
			case <-s.ready:
			case <-ctx.Done():
				return
			}
			if ctx.Err() != nil { // select picks any branch that can go
				return
			}
			l.advance(s.batch.X.Dim(0))
			if !yield(&s.batch) {
				return
			}
			l.request(ahead, k+len(l.slots))
		}
	}
}

func (l *Loader) advance(n int) {
	l.state.Next += n
	if l.state.Next == l.set.Len() {
		l.state.Epoch, l.state.Next = l.state.Epoch+1, 0
	}
}

// shuffle puts the current epoch's permutation into order.
func (l *Loader) shuffle() {
	for i := range l.order {
		l.order[i] = i
	}
	if l.config.Shuffle {
		rng := rand.New(rand.NewPCG(scramble(l.state.Seed, l.state.Epoch), 1))
		rng.Shuffle(len(l.order), func(i, j int) { l.order[i], l.order[j] = l.order[j], l.order[i] })
	}
}

// slot is a batch's memory. Batch k of an epoch is always made in slot k modulo their number.
type slot struct {
	full   *tensor.Tensor
	labels []int
	batch  Batch
	ready  chan struct{}
}

// prefetcher is the set of workers of one Epoch. Only the consumer hands out work, batch k when the
// slot of batch k is free, so that two workers never meet in a slot.
type prefetcher struct {
	work chan int
	done sync.WaitGroup
}

func (l *Loader) prefetch() *prefetcher {
	// The consumer holds one slot while each worker fills another.
	b, d, n := l.config.Batch, l.set, l.config.Workers+1
	for len(l.slots) < n {
		l.slots = append(l.slots, &slot{full: tensor.New(b, d.Height, d.Width, d.Channels), labels: make([]int, b)})
	}
	p := &prefetcher{work: make(chan int, n)}
	for k := range n {
		l.slots[k].ready = make(chan struct{}, 1)
		l.request(p, l.state.Next/b+k)
	}
	seed, epoch := l.state.Seed, l.state.Epoch // the consumer moves on while the workers run
	for range l.config.Workers {
		p.done.Go(func() {
			for k := range p.work {
				s := l.slots[k%n]
				l.fill(s, k, seed, epoch)
				s.ready <- struct{}{}
			}
		})
	}
	return p
}

// request asks for batch k, if the epoch has one.
func (l *Loader) request(p *prefetcher, k int) {
	if k < l.Steps() {
		p.work <- k
	}
}

func (p *prefetcher) stop() {
	close(p.work)
	for range p.work { // nobody waits for what no worker has begun
	}
	p.done.Wait()
}

func (l *Loader) fill(s *slot, k int, seed uint64, epoch int) {
	lo := k * l.config.Batch
	hi := min(lo+l.config.Batch, l.set.Len())
	s.batch = Batch{X: s.full, Labels: s.labels[:hi-lo], Index: l.order[lo:hi]}
	if hi-lo < l.config.Batch {
		s.batch.X = s.full.Slice(0, hi-lo)
	}
	out := s.batch.X.Data()
	size := len(out) / (hi - lo)
	for i, sample := range s.batch.Index {
		v := l.config.Augment.draw(seed, epoch, sample)
		l.set.render(out[i*size:(i+1)*size], sample, v, l.table)
		s.batch.Labels[i] = l.set.Labels[sample]
	}
}
