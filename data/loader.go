package data

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"

	"github.com/residuum-go/residuum"
	"github.com/residuum-go/residuum/internal/demand"
	"github.com/residuum-go/residuum/tensor"
)

// LoaderConfig says how a [Loader] makes batches.
type LoaderConfig struct {
	Batch   int // images; the last batch of an epoch may hold fewer
	Shuffle bool
	Augment Augment
	Mix     Mix // needs at least two images to a batch; a last one alone is not mixed
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

// Loader yields a source in batches, epoch by epoch. It may be used by one goroutine at a time.
type Loader struct {
	source Source
	config LoaderConfig
	table  [][256]float32
	state  State
	order  []int
	slots  []*slot
	share  share
	active bool
}

// NewLoader returns a loader of a source, such as a [*Dataset], that starts at epoch 0. A source without images, a dataset
// that [New] would refuse and fields of c that make no sense for it are a [*residuum.ConfigError].
func NewLoader(source Source, c LoaderConfig) (*Loader, error) {
	if err := c.check(source); err != nil {
		return nil, err
	}
	n := source.Len()
	c.Batch = min(c.Batch, n)
	_, _, channels := source.Size()
	l := &Loader{
		source: source, config: c, table: c.Norm.table(channels),
		state: State{Seed: c.Seed, Len: n, Batch: c.Batch},
		order: make([]int, n), share: share{step: 1, parts: 1},
	}
	l.config.Workers = min(max(c.Workers, 1), l.Steps()) // each worker has memory of its own
	return l, nil
}

func (c LoaderConfig) check(source Source) error {
	d, inMemory := source.(*Dataset)
	if source == nil || inMemory && d == nil || source.Len() == 0 {
		return &residuum.ConfigError{Struct: "data.NewLoader", Field: "source", Value: fmt.Sprintf("%T", source), Reason: "want one with images"}
	}
	if inMemory {
		if err := d.check(); err != nil {
			return err
		}
	}
	height, width, channels := source.Size()
	pad, side, norm := c.Augment.Pad, min(height, width), c.Norm.check(channels)
	return demand.All("data.LoaderConfig",
		demand.That(c.Batch >= 1, "Batch", c.Batch, "want at least 1"),
		demand.That(c.Workers >= 0, "Workers", c.Workers, "want goroutines, or 0 for 1"),
		demand.That(pad >= 0 && pad < side, "Augment.Pad", pad, fmt.Sprintf("want 0 to %d, or crops could show nothing of the images", side-1)),
		demand.That(c.Augment.Erase >= 0 && c.Augment.Erase <= 1, "Augment.Erase", c.Augment.Erase, "want a probability"),
		alphaCheck("Mix.MixUp", c.Mix.MixUp),
		alphaCheck("Mix.CutMix", c.Mix.CutMix),
		demand.That(norm == nil, "Norm", c.Norm, fmt.Sprint(norm)),
	)
}

// Norm returns how the loader normalises.
func (l *Loader) Norm() Norm { return l.config.Norm }

// Mix returns how the loader mixes the images of a batch.
func (l *Loader) Mix() Mix { return l.config.Mix }

// Source returns what the loader draws from.
func (l *Loader) Source() Source { return l.source }

// Steps returns the number of batches in an epoch.
func (l *Loader) Steps() int { return (l.source.Len() + l.config.Batch - 1) / l.config.Batch }

// State returns the place right after the batch that was handed out last.
func (l *Loader) State() State { return l.state }

// SetState puts the loader at a place that State returned, for a loader with the same source and
// batch size.
func (l *Loader) SetState(s State) error {
	if s.Len != l.source.Len() || s.Batch != l.config.Batch {
		return fmt.Errorf("data: loader state of %d images in batches of %d, not of %d in batches of %d",
			s.Len, s.Batch, l.source.Len(), l.config.Batch)
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
// An image that cannot be read ends it with a batch that has an Err, and the loader stands before this batch.
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
			if s.batch.Err != nil {
				yield(&s.batch)
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
	if l.state.Next == l.source.Len() {
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
	pcg    rand.PCG // of the sample that is being read
	rng    *rand.Rand

	targets *tensor.Tensor // nil unless images are mixed
	last    []float32      // room for an image
}

// prefetcher is the set of workers of one Epoch. Only the consumer hands out work, batch k when the
// slot of batch k is free, so that two workers never meet in a slot.
type prefetcher struct {
	work chan int
	done sync.WaitGroup
}

func (l *Loader) prefetch() *prefetcher {
	// The consumer holds one slot while each worker fills another.
	b, n := l.config.Batch, l.config.Workers+1
	for len(l.slots) < n {
		height, width, channels := l.source.Size()
		s := &slot{full: tensor.New(b, height, width, channels), labels: make([]int, b)}
		s.rng = rand.New(&s.pcg)
		if l.config.Mix != (Mix{}) {
			s.targets, s.last = tensor.New(b, l.source.NumClasses()), make([]float32, height*width*channels)
		}
		l.slots = append(l.slots, s)
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
				if err := l.fill(s, k, seed, epoch); err != nil {
					s.batch = Batch{Err: err}
				}
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

// fill makes batch k of an epoch.
func (l *Loader) fill(s *slot, k int, seed uint64, epoch int) error {
	lo := k * l.config.Batch
	hi := min(lo+l.config.Batch, l.source.Len())
	s.batch = Batch{X: s.full, Labels: s.labels[:hi-lo], Index: l.order[lo:hi]}
	if hi-lo < l.config.Batch {
		s.batch.X = s.full.Slice(0, hi-lo)
	}
	out := s.batch.X.Data()
	size := len(out) / (hi - lo)
	height, width, channels := l.source.Size()
	for i, sample := range s.batch.Index {
		s.batch.Labels[i] = l.source.Label(sample)
		if !l.makes(i, hi-lo) {
			continue
		}
		s.pcg.Seed(scramble(seed, epoch), ^uint64(sample)) // not the numbers that a view is drawn from
		pixels, err := l.source.Read(sample, s.rng)
		if err != nil {
			return err
		}
		v := l.config.Augment.draw(seed, epoch, sample)
		render(out[i*size:(i+1)*size], pixels, height, width, v, l.table)
		if erase := l.config.Augment.Erase; erase > 0 && s.rng.Float64() < erase {
			eraseBox(height, width, s.rng).blot(out[i*size:(i+1)*size], width, channels)
		}
	}
	if s.targets != nil {
		s.pcg.Seed(scramble(^seed, epoch), uint64(k))
		s.mix(l.config.Mix, l.share)
	}
	return nil
}

// mix mixes the images of a batch, if there is more than one.
func (s *slot) mix(how Mix, of share) {
	b := &s.batch
	m := mixture{lambda: 1}
	if len(b.Labels) > 1 {
		m = how.draw(b.X.Dim(1), b.X.Dim(2), s.rng)
	}
	b.Targets = s.targets.Slice(0, len(b.Labels))
	m.apply(of, b.X, b.Labels, b.Targets, s.last)
}
