package train

import (
	"fmt"
	"io"
	"os"
	"strings"
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

// Printer shows progress to a person. On a terminal it rewrites one line, and keeps the last line of
// each epoch. Elsewhere it prints a line for each epoch, and one every half minute within it.
type Printer struct {
	w        io.Writer
	label    string
	terminal bool
	last     time.Time
	width    int // of the unfinished line
	now      func() time.Time
}

// NewPrinter returns a printer to w whose lines begin with label.
func NewPrinter(w io.Writer, label string) *Printer {
	p := &Printer{w: w, label: label, now: time.Now}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		info, err := f.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	p.last = p.now()
	return p
}

// Show prints s if it is time to. It is meant for the field Progress of a [Trainer].
func (p *Printer) Show(s Progress) {
	interval := 30 * time.Second
	if p.terminal {
		interval = 100 * time.Millisecond
	}
	end := s.Batch == s.Batches
	if !end && p.now().Sub(p.last) < interval {
		return
	}
	p.last = p.now()
	line := fmt.Sprintf("%s  epoch %d/%d %d%%  loss %.4f  acc %.1f%%  %.0f img/s  %v left",
		p.label, s.Epoch, s.Epochs, 100*s.Batch/s.Batches, s.Score.Loss(), 100*s.Score.Accuracy(), s.ImagesPerSecond, s.Left.Round(time.Second))
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	line = line[:min(len(line), 79)] // a line that wraps cannot be rewritten
	// Spaces cover what is left of a longer line: that needs no escape sequence.
	fmt.Fprint(p.w, "\r", line, strings.Repeat(" ", max(p.width-len(line), 0)))
	p.width = len(line)
	if end {
		p.Close()
	}
}

// Close ends an unfinished line, so that what is printed next starts on its own.
func (p *Printer) Close() {
	if p.width > 0 {
		fmt.Fprintln(p.w)
		p.width = 0
	}
}
