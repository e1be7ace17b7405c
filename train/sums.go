package train

import (
	"slices"
	"unsafe"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// sums adds up tensors over ranks, in the order of the micro-batches that gave them, in rounds: in each, every rank runs at
// most one micro-batch. Every rank adds up a range of the elements: it gets that range from the others in each round (a
// reduce-scatter), and sends them its sums in the last (an all-gather). MPI's Allreduce would add in an order of its own,
// which depends on the number of ranks.
//
// Tensors travel in buckets, while the backward pass goes on: a goroutine makes the exchanges, bucket after bucket and
// round after round, as soon as a bucket is packed. So the order of exchanges is the same on all ranks.
type sums struct {
	team    *team
	parts   int
	tensors []*tensor.Tensor // the gradients in the order in which Backward is done with them, and others
	next    []*tensor.Tensor // room for begin
	buckets []*bucket
	places  map[*tensor.Tensor]*spot
	sent    chan error // what send returned
}

// spot is where a tensor is packed.
type spot struct {
	*bucket
	room []float32
	done bool // in this round
}

// bucketLen is how many elements travel together, at least: enough that an exchange costs more than it takes to begin one.
var bucketLen = 1 << 18

// bucket is some of the tensors.
type bucket struct {
	tensors []*tensor.Tensor
	all     []float32        // their elements, which are cut into a range for each rank
	ranges  [][]float32      // of all
	sum     *tensor.Tensor   // of the own range
	terms   []*tensor.Tensor // of the own range, by rank

	missing      int           // tensors to be packed in this round; 0 before the first
	packed, free chan struct{} // pass it to who sends, and back
}

// begin starts a step that adds up the gradients of the parameters that are trained, and other tensors. end ends it,
// whatever it has come to: after a panic in a pass as well, so that the goroutine does not wait for what nobody packs.
func (s *sums) begin(params []*autograd.Param, others []*tensor.Tensor) (end func()) {
	s.next = s.next[:0]
	for _, p := range slices.Backward(params) {
		if !p.Frozen {
			s.next = append(s.next, p.Grad)
		}
	}
	s.next = append(s.next, others...)
	if !slices.Equal(s.next, s.tensors) {
		s.tensors = slices.Clone(s.next)
		s.fill()
	}
	sent, stop := make(chan error, 1), make(chan struct{})
	s.sent = sent
	go func() { sent <- s.send(stop) }()
	return func() { close(stop) }
}

// fill makes buckets of the tensors.
func (s *sums) fill() {
	s.buckets, s.places = nil, map[*tensor.Tensor]*spot{}
	for from := 0; from < len(s.tensors); {
		to, n := from, 0
		for to < len(s.tensors) && n < bucketLen {
			n += s.tensors[to].Len()
			to++
		}
		b := newBucket(s.tensors[from:to], n, s.team)
		for _, t := range b.tensors {
			s.places[t] = &spot{bucket: b, room: b.all[len(b.all)-n:][:t.Len()]}
			n -= t.Len()
		}
		s.buckets, from = append(s.buckets, b), to
	}
}

func newBucket(tensors []*tensor.Tensor, elements int, g *team) *bucket {
	b := &bucket{tensors: tensors, all: make([]float32, elements), packed: make(chan struct{}, 1), free: make(chan struct{}, 1)}
	b.free <- struct{}{}
	for r, at := 0, 0; r < g.Size(); r++ {
		n := (elements - at) / (g.Size() - r)
		b.ranges, at = append(b.ranges, b.all[at:at+n]), at+n
	}
	own := b.ranges[g.Rank()]
	b.sum = tensor.New(len(own))
	for r := range g.Size() {
		term := tensor.From(own, len(own))
		if r != g.Rank() {
			term = tensor.New(len(own))
		}
		b.terms = append(b.terms, term)
	}
	return b
}

// take packs a gradient that Backward is done with.
func (s *sums) take(p *autograd.Param) {
	if at, ok := s.places[p.Grad]; ok {
		at.pack(p.Grad)
	}
}

// endRound packs what has not been taken.
func (s *sums) endRound() {
	for _, t := range s.tensors {
		at := s.places[t]
		if !at.done {
			at.pack(t)
		}
		at.done = false
	}
}

// pack takes over what a tensor holds, and makes it zero.
func (p *spot) pack(t *tensor.Tensor) {
	if p.missing == 0 {
		<-p.free
		p.missing = len(p.tensors)
	}
	copy(p.room, t.Data())
	t.Zero()
	p.done = true
	if p.missing--; p.missing == 0 {
		p.packed <- struct{}{}
	}
}

// wait returns when the tensors are the sums.
func (s *sums) wait() error { return <-s.sent }

// send makes the exchanges of a step. After one that fails it makes no more, and takes what is packed. When stop is closed
// nothing more is.
func (s *sums) send(stop <-chan struct{}) (err error) {
	for _, b := range s.buckets {
		b.sum.Zero()
	}
	ranks := s.team.Size()
	for first := 0; first < s.parts; first += ranks {
		for _, b := range s.buckets {
			select {
			case <-b.packed:
			case <-stop:
				return err
			}
			if err == nil {
				err = b.add(s.team, min(s.parts-first, ranks))
			}
			if err == nil && first+ranks >= s.parts {
				err = b.spread(s.team)
			}
			b.free <- struct{}{}
		}
	}
	return err
}

// add adds what the first so many ranks have to the sum.
func (b *bucket) add(g *team, ranks int) error {
	for r := range g.to {
		g.to[r], g.from[r] = nil, nil
		if g.Rank() < ranks {
			g.to[r] = bytesOf(b.ranges[r])
		}
		if r < ranks {
			g.from[r] = bytesOf(b.terms[r].Data())
		}
	}
	if err := g.exchange(); err != nil {
		return err
	}
	for _, term := range b.terms[:ranks] {
		tensor.Add(b.sum, b.sum, term)
	}
	return nil
}

// spread has all ranks know all sums, and makes them the tensors.
func (b *bucket) spread(g *team) error {
	copy(b.ranges[g.Rank()], b.sum.Data())
	for r := range g.to {
		g.to[r], g.from[r] = bytesOf(b.sum.Data()), bytesOf(b.ranges[r])
	}
	if err := g.exchange(); err != nil {
		return err
	}
	at := 0
	for _, t := range b.tensors {
		at += copy(t.Data(), b.all[at:])
	}
	return nil
}

// bytesOf returns the memory of numbers. Ranks have the same order of bytes: they have the same architecture.
func bytesOf(x []float32) []byte {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x))
}
