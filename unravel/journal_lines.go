package unravel

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/residuum-go/residuum/data"
	"github.com/residuum-go/residuum/tensor"
)

// finding is what was measured on one batch.
type finding struct {
	Score data.Score `json:"score"`
	// Where logits are set against the whole net's: the sums of squares of their difference, and of the latter.
	Change number `json:"change,omitempty"`
	Size   number `json:"size,omitempty"`
}

// against scores logits and sets them against the whole net's.
func against(logits, whole *tensor.Tensor, labels []int) finding {
	d := tensor.Sub(nil, logits, whole)
	return finding{data.ScoreOf(logits, labels), number(tensor.Dot(d, d)), number(tensor.Dot(whole, whole))}
}

// plus returns the finding on the batches of both.
func (f finding) plus(o finding) finding {
	return finding{f.Score.Plus(o.Score), f.Change + o.Change, f.Size + o.Size}
}

// distance is the RMS change of the logits relative to the RMS of the whole net's.
func (f finding) distance() float64 { return math.Sqrt(float64(f.Change / f.Size)) }

// same reports whether two findings are equal, where NaN is equal to NaN.
func (f finding) same(o finding) bool {
	return f.Score == o.Score && f.Change.same(o.Change) && f.Size.same(o.Size)
}

// number is a float64 whose JSON form has NaN and the infinities, which JSON's numbers have not, as strings:
// "NaN", "+Inf" and "-Inf".
type number float64

func (n number) same(o number) bool {
	return n == o || math.IsNaN(float64(n)) && math.IsNaN(float64(o))
}

// MarshalJSON writes what UnmarshalJSON reads.
func (n number) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return json.Marshal(f)
}

// UnmarshalJSON reads a number or one of the strings.
func (n *number) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case `"NaN"`:
		*n = number(math.NaN())
	case `"+Inf"`:
		*n = number(math.Inf(1))
	case `"-Inf"`:
		*n = number(math.Inf(-1))
	default:
		return json.Unmarshal(text, (*float64)(n))
	}
	return nil
}

// line is one line of a journal. Plan and Batch are for the reader; Key alone counts.
type line struct {
	Key   string `json:"key"`
	Plan  string `json:"plan"`
	Batch int    `json:"batch"`
	finding
}

// beginning is how every line begins, with a dot for each hexadecimal digit of its key.
const beginning = `{"key":"................................","plan":"`

// begins reports whether text may be how a line begins.
func begins(text []byte) bool {
	for i, c := range text[:min(len(text), len(beginning))] {
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f'
		if beginning[i] != c && !(beginning[i] == '.' && hex) {
			return false
		}
	}
	return true
}

// text returns the line as it stands in a file.
func (l line) text() ([]byte, error) {
	text, err := json.Marshal(l)
	return append(text, '\n'), err
}

// errForeign says that something is not a line of a journal.
var errForeign = errors.New("not a line that a journal writes; the file is left as it is")

// parse returns the line that text is, byte for byte.
func parse(text []byte) (line, error) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return l, fmt.Errorf("%w (%w)", errForeign, err)
	}
	if again, err := l.text(); err != nil || !bytes.Equal(again, text) {
		return l, errForeign
	}
	return l, nil
}

// read hands every whole line of r to take and returns where the last of them ends. Behind it there may be the
// beginning of another: a crash has cut it short, or its writer is not done with it.
func read(r io.Reader, take func(line) error) (end int64, err error) {
	in := bufio.NewReader(r)
	for number := 1; ; number++ {
		head, err := in.Peek(len(beginning)) // so that no file without lines is read whole
		if err != nil && err != io.EOF {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		if !begins(head) {
			return end, fmt.Errorf("line %d: %w", number, errForeign)
		}
		text, err := in.ReadBytes('\n')
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		l, err := parse(text)
		if err == nil {
			err = take(l)
		}
		if err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		end += int64(len(text))
	}
}

// insert adds a finding unless a different one is there.
func insert(findings map[string]finding, l line) error {
	if old, ok := findings[l.Key]; ok && !old.same(l.finding) {
		return fmt.Errorf("%w about plan %q on batch %d (key %s): %+v and %+v", ErrConflict, l.Plan, l.Batch, l.Key, old, l.finding)
	}
	findings[l.Key] = l.finding
	return nil
}
