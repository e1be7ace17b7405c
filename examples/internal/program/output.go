package program

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Thousands writes n as 1,234,567.
func Thousands(n int) string { return message.NewPrinter(language.English).Sprintf("%d", n) }

// Printable returns s with control characters, but for the ends of lines and tabs, as Go writes them in quotes: names of
// files, classes and tensors come from outside, and are not to steer a terminal.
func Printable(s string) string {
	if !strings.ContainsFunc(s, steers) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if steers(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func steers(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }

// Output is where a program tells a person what it does: lines that stay, and below them the progress of what it is
// at. On a terminal that is a bar; elsewhere it is a line now and then.
type Output struct {
	w     io.Writer
	width int // of the terminal in columns, 0 if w is none
	bar   *progressbar.ProgressBar
	now   func() time.Time
}

// NewOutput returns an output to w.
func NewOutput(w io.Writer) *Output {
	o := &Output{w: w, now: time.Now}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		o.width = 80
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			o.width = width
		}
	}
	return o
}

// Printf prints a line that stays, to which it adds the end of the line.
func (o *Output) Printf(format string, args ...any) {
	o.Clear()
	fmt.Fprintln(o.w, Printable(fmt.Sprintf(format, args...)))
}

// Clear takes the bar off the terminal, for whoever prints something else.
func (o *Output) Clear() {
	if o.bar != nil {
		_ = o.bar.Clear() // whoever reads has gone if it fails, as with Printf
		_ = o.bar.Exit()
		o.bar = nil
	}
}

// Bar is the progress of one thing.
type Bar struct {
	o           *Output
	label, note string
	estimate    Estimate
	shown       time.Time // when Show last had an effect
}

// Times between two pictures of a bar and two lines of a log.
const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 10 * time.Second
)

// Bar begins to show the progress of something else.
func (o *Output) Bar(label string) *Bar {
	o.Clear()
	b := &Bar{o: o, label: label}
	if o.width == 0 {
		b.shown = o.now() // short work leaves nothing in a log
	}
	return b
}

// Note sets what is said behind label and time.
func (b *Bar) Note(format string, args ...any) { b.note = "  " + fmt.Sprintf(format, args...) }

// Show says how much is done, and how long the rest will take at the speed since the first call. It has the shape of
// progress everywhere in the library. A bar that is complete goes away.
func (b *Bar) Show(done, total int) {
	now := b.o.now()
	left := b.estimate.Left(now, done, total)
	switch {
	case done >= total:
		b.o.Clear()
	case b.o.width == 0 && now.Sub(b.shown) >= lineInterval:
		b.shown = now
		fmt.Fprintf(b.o.w, "%3.0f %%  %s\n", 100*float64(done)/float64(total), b.text(left))
	case b.o.width > 0 && now.Sub(b.shown) >= barInterval:
		b.shown = now
		b.draw(done, total, b.text(left))
	}
}

// draw shows the bar on the terminal.
func (b *Bar) draw(done, total int, text string) {
	length := min(20, b.o.width/4)
	if b.o.bar == nil {
		b.o.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(b.o.w), progressbar.OptionSetWidth(length),
			progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetPredictTime(false))
	}
	room := max(b.o.width-length-12, 0) // a line that wraps cannot be rewritten
	runes := []rune(text)
	_ = b.o.bar.Set(done)
	b.o.bar.Describe(string(runes[:min(len(runes), room)]))
}

// text is what is said beside the bar. The note comes last, for it is what a narrow terminal cuts.
func (b *Bar) text(left time.Duration) string {
	if left > 0 {
		return b.label + "  " + left.Round(time.Second).String() + " left" + b.note
	}
	return b.label + b.note
}

// Estimate says how long the rest of some work will take.
type Estimate struct {
	start time.Time // of the first call of Left
	first int       // what was done by then
}

// Left returns the time from now to the end, at the speed since the first call, and 0 while that is not known.
func (e *Estimate) Left(now time.Time, done, total int) time.Duration {
	if e.start.IsZero() {
		e.start, e.first = now, done
	}
	if done <= e.first {
		return 0
	}
	left := float64(now.Sub(e.start)) / float64(done-e.first) * float64(total-done)
	return time.Duration(min(left, 1<<62))
}
