package serve

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// batches returns a queue and the sizes of the batches that it runs.
func batches(most int, wait time.Duration) (*queue, chan int) {
	sizes := make(chan int, 100)
	return newQueue(most, wait, func(b []*job) { sizes <- len(b) }), sizes
}

func jobs(ctx context.Context, q *queue, n int) (all []*job) {
	for range n {
		all = append(all, &job{ctx: ctx, done: make(chan struct{})})
		q.add(all[len(all)-1])
	}
	return all
}

func finish(all []*job) {
	for _, j := range all {
		<-j.done
	}
}

// Images that are announced are waited for, and nobody else.
func TestQueueWaitsForWhatIsComing(t *testing.T) {
	q, sizes := batches(8, time.Hour)
	q.announce(4)
	finish(jobs(t.Context(), q, 4))
	require.Equal(t, 4, <-sizes)

	q.announce(3)
	all := jobs(t.Context(), q, 2)
	q.announce(-1) // one is not to come
	finish(all)
	require.Equal(t, 2, <-sizes)

	q.announce(20)
	finish(jobs(t.Context(), q, 19)[:16])
	require.Equal(t, 8, <-sizes)
	require.Equal(t, 8, <-sizes)
	finish(jobs(t.Context(), q, 1))
	require.Equal(t, 4, <-sizes)
	require.Zero(t, q.coming)
}

// What does not come is not waited for any longer than the bound.
func TestQueueRunsWhenTheTimeIsUp(t *testing.T) {
	q, sizes := batches(8, time.Nanosecond)
	q.announce(3)
	finish(jobs(t.Context(), q, 2))
	n := <-sizes
	for len(sizes) > 0 {
		n += <-sizes
	}
	require.Equal(t, 2, n)
}

// Images of whoever has gone are not computed, and the queue's goroutine ends.
func TestQueueDropsTheAbandoned(t *testing.T) {
	q, sizes := batches(8, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	q.announce(4)
	jobs(ctx, q, 3)
	cancel()
	finish(jobs(t.Context(), q, 1))
	require.Equal(t, 1, <-sizes)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	q.announce(1)
	jobs(gone, q, 1)
	require.Eventually(t, func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return !q.running
	}, time.Minute, time.Millisecond)
	require.Empty(t, sizes)
}
