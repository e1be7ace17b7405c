package main

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/residuum-go/residuum/train"
	"github.com/residuum-go/residuum/train/mpi"
)

// schedule is what a rank does in a step: it asks whether all go on, computes while buckets are added up and spread, each
// by two exchanges, shares results, and moves the parameters.
type schedule struct {
	exchanges []exchange
	end       time.Duration // of the step
}

// exchange is when a call of Exchange began and ended, from the beginning of the step, and what it sent.
type exchange struct {
	begin, end time.Duration
	bytes      int
}

// bytes returns what a rank sends in a step.
func (s *schedule) bytes() (n int) {
	for _, e := range s.exchanges {
		n += e.bytes
	}
	return n
}

// link is how long exchanges take.
type link struct {
	latency time.Duration
	bytes   float64 // per second; 0 means no time at all
}

func (l link) takes(e exchange) time.Duration {
	if l.bytes == 0 {
		return 0
	}
	return l.latency + time.Duration(float64(e.bytes)/l.bytes*1e9)
}

// replay returns how long the step takes over a link, if buckets travel while others are computed, or after that. The
// computation goes on as it was recorded; exchanges wait for the bucket and for the exchange before.
func (s *schedule) replay(l link, overlap bool) time.Duration {
	n := len(s.exchanges)
	vote, buckets, results := s.exchanges[0], s.exchanges[1:n-1], s.exchanges[n-1]
	late := l.takes(vote) - (vote.end - vote.begin) // by how much all that follows is later than it was
	computed := buckets[len(buckets)-2].begin
	var now time.Duration
	for i := 0; i < len(buckets); i += 2 {
		add, spread := buckets[i], buckets[i+1]
		packed := add.begin
		if !overlap {
			packed = computed
		}
		now = max(now, packed+late) + l.takes(add) + (spread.begin - add.end) + l.takes(spread)
	}
	last := buckets[len(buckets)-1]
	return now + (results.begin - last.end) + l.takes(results) + (s.end - results.end)
}

// recorder is ranks of which only this one is there: the others answer what it says, at once. With a world it is every
// other step all ranks of that, and then they exchange what they have.
type recorder struct {
	rank, ranks int
	world       *mpi.World
	real        bool
	begun       time.Time // the step
	exchanges   []exchange
}

var _ train.Ranks = (*recorder)(nil)

func (r *recorder) Rank() int { return r.rank }

func (r *recorder) Size() int { return r.ranks }

func (r *recorder) Exchange(to, from [][]byte) error {
	if r.real {
		return r.world.Exchange(to, from)
	}
	e := exchange{begin: time.Since(r.begun)}
	for i := range to {
		if i != r.rank {
			e.bytes += len(to[i])
			copy(from[i], to[i])
		}
	}
	e.end = time.Since(r.begun)
	r.exchanges = append(r.exchanges, e)
	return nil
}

// next ends a step and begins another one, on all ranks at once.
func (r *recorder) next() error {
	r.exchanges = r.exchanges[:0]
	if r.world != nil {
		r.real = !r.real
		to, from := make([][]byte, r.ranks), make([][]byte, r.ranks)
		for i := range to {
			to[i], from[i] = make([]byte, 1), make([]byte, 1)
		}
		if err := r.world.Exchange(to, from); err != nil {
			return err
		}
	}
	r.begun = time.Now()
	return nil
}

// record returns the schedules of steps of a ResNet by so many ranks. With a world it also returns how long its ranks took
// for as many steps, each after the one that was recorded, so that the load of the machine is the same for both.
func record(depth int, r *recorder, o options) (all []*schedule, took []time.Duration, err error) {
	err = steps(depth, r, o, func() error {
		if now := time.Since(r.begun); r.real {
			took = append(took, now)
		} else {
			all = append(all, &schedule{slices.Clone(r.exchanges), now})
		}
		return r.next()
	})
	if err != nil {
		return nil, nil, err
	}
	if r.world != nil {
		took = took[1:]
	}
	return all[1:], took, nil // the first ones make memory
}

// slowest returns the longest of what each rank measured of each step.
func slowest(world *mpi.World, own []time.Duration) ([]time.Duration, error) {
	to, from := make([][]byte, world.Size()), make([][]byte, world.Size())
	var message []byte
	for _, d := range own {
		message = binary.LittleEndian.AppendUint64(message, uint64(d))
	}
	for r := range to {
		to[r], from[r] = message, make([]byte, len(message))
	}
	if err := world.Exchange(to, from); err != nil {
		return nil, err
	}
	all := slices.Clone(own)
	for r, b := range from {
		for i := range all {
			if r != world.Rank() {
				all[i] = max(all[i], time.Duration(binary.LittleEndian.Uint64(b[8*i:])))
			}
		}
	}
	return all, nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// measure returns what an exchange between the ranks that there are takes: of a byte, and of a megabyte for each.
func measure(world *mpi.World) (link, error) {
	const small, large, times = 1, 1 << 20, 101
	var took [2]time.Duration
	for i, size := range []int{small, large} {
		to, from := make([][]byte, world.Size()), make([][]byte, world.Size())
		for r := range to {
			to[r], from[r] = make([]byte, size), make([]byte, size)
		}
		var all []time.Duration
		for range times {
			begun := time.Now()
			if err := world.Exchange(to, from); err != nil {
				return link{}, err
			}
			all = append(all, time.Since(begun))
		}
		took[i] = slices.Min(all) // without what others do on this machine
	}
	return link{latency: took[0], bytes: float64(large*(world.Size()-1)) / (took[1] - took[0]).Seconds()}, nil
}
