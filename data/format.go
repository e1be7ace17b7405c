package data

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
)

// FormatError says that a file is not what its format requires.
type FormatError struct {
	File   string
	Reason string
	Err    error // what the decoder below reported, or nil
}

func (e *FormatError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("data: %s: %s: %v", e.File, e.Reason, e.Err)
	}
	return fmt.Sprintf("data: %s: %s", e.File, e.Reason)
}

func (e *FormatError) Unwrap() error { return e.Err }

const (
	maxBytes  = 1 << 30      // of one decoded file
	maxLabels = maxBytes / 8 // of which each becomes an int
	// Photographs shrink to half their size, line drawings to a tenth. What claims to hold
	// thousands of times what it is was built to exhaust the reader. Small files may: sorted labels
	// shrink to almost nothing.
	maxExpansion  = 256
	freeExpansion = 1 << 20
)

// plain returns r itself, or what r holds if it is gzipped.
func plain(file string, r io.Reader) (io.Reader, error) {
	counted := &counter{r: r}
	b := bufio.NewReader(counted)
	if magic, _ := b.Peek(2); !bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return b, nil
	}
	z, err := gzip.NewReader(b)
	if err != nil {
		return nil, &FormatError{file, "bad gzip header", err}
	}
	return &inflater{file: file, packed: counted, r: z}, nil
}

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflater reads from r until that is out of proportion to what was read from packed.
type inflater struct {
	file   string
	packed *counter
	r      io.Reader
	n      int64
}

func (f *inflater) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	f.n += int64(n)
	if f.n > freeExpansion && f.n > maxExpansion*f.packed.n {
		reason := fmt.Sprintf("gzip bomb: over %d bytes packed into %d; if they are what you want, unpack the file", f.n, f.packed.n)
		return n, &FormatError{f.file, reason, nil}
	}
	return n, err
}

// readUpTo reads n bytes, or fewer if r ends before. The buffer is never much more than four times as long
// as what has been read, because n may come from a header that lies: its lengths are 64 KiB or less, four
// times that and so on up to n, which makes 4/3 n in all.
func readUpTo(r io.Reader, n int) ([]byte, error) {
	first := n
	for first > 64<<10 {
		first = (first + 3) / 4
	}
	buf := make([]byte, 0, first)
	for len(buf) < n {
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(n, 4*cap(buf)))
			copy(grown, buf)
			buf = grown
		}
		m, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+m]
		if err == io.EOF || len(buf) == n { // with the last bytes, an error can wait for the next read
			return buf, nil
		}
		if err != nil {
			return buf, err
		}
	}
	return buf, nil
}
