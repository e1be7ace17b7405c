package train

import (
	"time"

	"github.com/residuum-go/residuum/data"
)

// Progress is where a run stands after a step.
type Progress struct {
	Epoch, Epochs   int        // Epoch counts from 1
	Batch, Batches  int        // of the epoch, Batch counts from 1
	Score           data.Score // of the epoch so far, each batch as the model was then
	Rate            float64    // learning rate of the step
	ImagesPerSecond float64    // since Run began
	Left            time.Duration
}

// clock measures speed from the start of Run.
type clock struct {
	start  time.Time
	images int64
}

// estimate counts done images and returns how many are done in a second, and how long those left will take, of
// which there may be more than an int holds.
func (c *clock) estimate(done int, left float64) (perSecond float64, remaining time.Duration) {
	const longest = 1 << 62 // nanoseconds, 146 years
	c.images += int64(done)
	perSecond = float64(c.images) / max(time.Since(c.start).Seconds(), 1e-9)
	return perSecond, time.Duration(min(left/perSecond*float64(time.Second), longest))
}
