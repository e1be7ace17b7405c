package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// line shows progress: on a terminal one line that is rewritten, elsewhere a line now and then.
type line struct {
	w        io.Writer
	terminal bool
	last     time.Time
	width    int // of the unfinished line on the terminal
}

func newLine(w io.Writer) *line {
	l := &line{w: w, last: time.Now()}
	if f, ok := w.(*os.File); ok {
		info, err := f.Stat()
		l.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return l
}

// show prints the line if it is the last of its kind or if it is time to.
func (l *line) show(last bool, format string, args ...any) {
	interval := 10 * time.Second
	if l.terminal {
		interval = 100 * time.Millisecond
	}
	if !last && time.Since(l.last) < interval {
		return
	}
	l.last = time.Now()
	text := fmt.Sprintf(format, args...)
	if !l.terminal {
		fmt.Fprintln(l.w, text)
		return
	}
	fmt.Fprint(l.w, "\r", text, strings.Repeat(" ", max(0, l.width-len(text))))
	l.width = len(text)
	if last {
		l.end()
	}
}

// end finishes an unfinished line.
func (l *line) end() {
	if l.width > 0 {
		fmt.Fprintln(l.w)
		l.width = 0
	}
}
