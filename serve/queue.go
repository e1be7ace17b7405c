package serve

import (
	"context"
	"sync"
	"time"
)

// job is an image on its way through a net.
type job struct {
	ctx   context.Context // of whoever waits for it
	x, y  []float32       // input and output
	since time.Time       // when it came into the queue
	done  chan struct{}   // closed when y is there
}

// queue puts images together to batches. It has a goroutine only while there are images in it, so a queue that nobody
// knows any more is gone.
type queue struct {
	most int           // images in a batch
	wait time.Duration // that the first of a batch waits for others that are coming
	run  func(batch []*job)
	wake chan struct{} // a token says that waiting or coming has changed

	mu      sync.Mutex
	waiting []*job
	coming  int // images that are announced and not yet here
	running bool
}

func newQueue(most int, wait time.Duration, run func([]*job)) *queue {
	return &queue{most: most, wait: wait, run: run, wake: make(chan struct{}, 1)}
}

// announce says that n more images will come, or -n fewer than were announced.
func (q *queue) announce(n int) {
	q.mu.Lock()
	q.coming += n
	q.mu.Unlock()
	q.changed()
}

// add puts an image into the queue that has been announced.
func (q *queue) add(j *job) {
	j.since = time.Now()
	q.mu.Lock()
	q.coming--
	q.waiting = append(q.waiting, j)
	if !q.running {
		q.running = true
		go q.work()
	}
	q.mu.Unlock()
	q.changed()
}

func (q *queue) changed() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// work runs batches until there are no more images.
func (q *queue) work() {
	for {
		batch := q.next()
		if batch == nil {
			return
		}
		q.run(batch)
		for _, j := range batch {
			close(j.done)
		}
	}
}

// next returns the images that are to run next, or nil when there are none and the goroutine has to end.
func (q *queue) next() []*job {
	for {
		q.mu.Lock()
		q.dropAbandoned()
		n := len(q.waiting)
		if n == 0 {
			q.running = false
			q.mu.Unlock()
			return nil
		}
		patience := q.wait - time.Since(q.waiting[0].since)
		if n >= q.most || q.coming == 0 || patience <= 0 {
			n = min(n, q.most)
			batch := q.waiting[:n:n]
			q.waiting = q.waiting[n:]
			q.mu.Unlock()
			return batch
		}
		q.mu.Unlock()
		timer := time.NewTimer(patience)
		select {
		case <-q.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// dropAbandoned takes images out for which nobody waits any more.
func (q *queue) dropAbandoned() {
	kept := q.waiting[:0]
	for _, j := range q.waiting {
		if j.ctx.Err() == nil {
			kept = append(kept, j)
		}
	}
	clear(q.waiting[len(kept):])
	q.waiting = kept
}
