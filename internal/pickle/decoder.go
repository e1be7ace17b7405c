package pickle

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Decoder reads pickles that stand one behind the other.
type Decoder struct {
	// Global returns what a module's name stands for, a [Func] if it may be called. It is asked for every global,
	// and its error ends the decoding.
	Global func(module, name string) (any, error)
	// Persistent returns what an identity from outside the pickle stands for; nil refuses all.
	Persistent func(id any) (any, error)

	r        *bufio.Reader
	at, size int64

	stack []any
	marks []int // heights of the stack at which marks stand
	memo  map[int64]any
}

// NewDecoder returns a decoder of the size bytes of r.
func NewDecoder(r io.Reader, size int64) *Decoder {
	return &Decoder{r: bufio.NewReader(r), size: size}
}

// At returns how many bytes have been read.
func (d *Decoder) At() int64 { return d.at }

// Decode reads one pickle.
func (d *Decoder) Decode() (any, error) {
	d.stack, d.marks, d.memo = nil, nil, map[int64]any{}
	for range maxOps {
		start := d.at
		op, err := d.byte()
		if err != nil {
			return nil, fmt.Errorf("pickle: byte %d: %w", start, err)
		}
		if op == '.' {
			v, err := d.pop()
			if err != nil {
				return nil, fmt.Errorf("pickle: byte %d: %w", start, err)
			}
			return v, nil
		}
		do := ops[op]
		if do == nil {
			return nil, fmt.Errorf("pickle: byte %d: operation %q is not supported", start, op)
		}
		if err := do(d); err != nil {
			return nil, fmt.Errorf("pickle: byte %d: operation %q: %w", start, op, err)
		}
	}
	return nil, fmt.Errorf("pickle: more than %d operations", maxOps)
}

// maxOps bounds the memory of a pickle that makes something out of each byte. A tensor takes some thirty.
const maxOps = 1 << 23

func (d *Decoder) byte() (byte, error) {
	b, err := d.r.ReadByte()
	if err != nil {
		return 0, cut(err)
	}
	d.at++
	return b, nil
}

// cut is err, but that a pickle's end is never expected.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take returns the next n bytes, which must be there before memory is given for them.
func (d *Decoder) take(n uint64) ([]byte, error) {
	if n > uint64(max(d.size-d.at, 0)) {
		return nil, fmt.Errorf("%d bytes asked for, %d left", n, d.size-d.at)
	}
	var b bytes.Buffer // grows with what has come, as size may be wrong
	got, err := io.CopyN(&b, d.r, int64(n))
	d.at += got
	if err != nil {
		return nil, cut(err)
	}
	return b.Bytes(), nil
}

// number returns the next n bytes as a little-endian number.
func (d *Decoder) number(n int) (uint64, error) {
	var v uint64
	for i := range n {
		b, err := d.byte()
		if err != nil {
			return 0, err
		}
		v |= uint64(b) << (8 * i)
	}
	return v, nil
}

// counted returns as many bytes as the next n, a number, say.
func (d *Decoder) counted(n int) ([]byte, error) {
	length, err := d.number(n)
	if err != nil {
		return nil, err
	}
	return d.take(length)
}

// line returns the bytes before the next newline.
func (d *Decoder) line() (string, error) {
	text, err := d.r.ReadString('\n')
	d.at += int64(len(text))
	if err != nil {
		return "", cut(err)
	}
	return text[:len(text)-1], nil
}

func (d *Decoder) push(v any) error {
	d.stack = append(d.stack, v)
	return nil
}

var errStack = errors.New("nothing to take from the stack")

// bottom is the height of the stack that belongs to what is being built.
func (d *Decoder) bottom() int {
	if len(d.marks) == 0 {
		return 0
	}
	return d.marks[len(d.marks)-1]
}

func (d *Decoder) pop() (any, error) {
	if len(d.stack) <= d.bottom() {
		return nil, errStack
	}
	v := d.stack[len(d.stack)-1]
	d.stack = d.stack[:len(d.stack)-1]
	return v, nil
}

func (d *Decoder) top() (any, error) {
	if len(d.stack) <= d.bottom() {
		return nil, errStack
	}
	return d.stack[len(d.stack)-1], nil
}

// popN returns copies of the upmost n values.
func (d *Decoder) popN(n int) ([]any, error) {
	if len(d.stack)-d.bottom() < n {
		return nil, errStack
	}
	at := len(d.stack) - n
	items := append([]any(nil), d.stack[at:]...)
	d.stack = d.stack[:at]
	return items, nil
}

// popMark returns copies of the values above the last mark, and removes it.
func (d *Decoder) popMark() ([]any, error) {
	if len(d.marks) == 0 {
		return nil, errors.New("no mark")
	}
	items, err := d.popN(len(d.stack) - d.bottom())
	d.marks = d.marks[:len(d.marks)-1]
	return items, err
}
