package unravel

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/residuum-go/residuum/autograd"
	"github.com/residuum-go/residuum/tensor"
)

// ErrConflict says that two journals hold different scores for the same plan, batch and net.
var ErrConflict = errors.New("unravel: journals disagree")

// Journal keeps the score of every plan and every patch on every batch in a file of JSON lines, as soon
// as it is known. A study with a journal takes from it what it holds, so a sweep that was stopped goes on
// where it was. Lines are keyed by content: net, batch, plan and seed.
type Journal struct {
	file     *os.File
	identity string
	lines    map[string]finding
}

// finding is what was measured on one batch.
type finding struct {
	Score Score `json:"score"`
	// Of a patch, the sums of squares of the change of the logits and of the whole net's logits.
	Change float64 `json:"change,omitempty"`
	Size   float64 `json:"size,omitempty"`
}

// line is one line of a journal. Plan and Batch are for the reader; Key alone counts.
type line struct {
	Key   string `json:"key"`
	Plan  string `json:"plan"`
	Batch int    `json:"batch"`
	finding
}

// Identity returns a hash of the names, shapes and values of parameters, for [OpenJournal].
func Identity(params []*autograd.Param) string {
	h := sha256.New()
	for _, p := range params {
		fmt.Fprintf(h, "%q %v ", p.Name, p.Value.Shape())
		digestValues(h, p.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// OpenJournal opens the journal at path, or begins it. identity stands for the net and how it is
// calibrated: what changes when its weights do, as [Identity] does. Only results of the same
// identity are found again; a file may hold those of several.
//
// A last line cut short by a crash is dropped. Any other line that is not a journal's is an error.
func OpenJournal(path, identity string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("unravel: open journal: %w", err)
	}
	j := &Journal{file: f, identity: identity, lines: map[string]finding{}}
	end, err := read(f, func(l line) error { return insert(j.lines, l) })
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("unravel: journal %s: %w", path, err), f.Close())
	}
	return j, nil
}

// Len returns the number of results in the journal.
func (j *Journal) Len() int { return len(j.lines) }

// Close closes the file.
func (j *Journal) Close() error { return j.file.Close() }

// add appends one result.
func (j *Journal) add(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("unravel: journal: %w", err)
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("unravel: journal: %w", err)
	}
	j.lines[l.Key] = l.finding
	return nil
}

// read hands every whole line of r to take and returns where the last of them ends.
func read(r io.Reader, take func(line) error) (end int64, err error) {
	in := bufio.NewReaderSize(r, 1<<20)
	for number := 1; ; number++ {
		text, err := in.ReadSlice('\n')
		if err == io.EOF {
			return end, nil // without a newline the line was cut short
		}
		if err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		var l line
		d := json.NewDecoder(bytes.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		if err := take(l); err != nil {
			return end, fmt.Errorf("line %d: %w", number, err)
		}
		end += int64(len(text))
	}
}

// insert adds a finding unless a different one is there.
func insert(findings map[string]finding, l line) error {
	if old, ok := findings[l.Key]; ok && old != l.finding {
		return fmt.Errorf("%w about %s: %+v and %+v", ErrConflict, l.Key, old, l.finding)
	}
	findings[l.Key] = l.finding
	return nil
}

// MergeJournals writes the union of the journals at from to the file to, which may be one of them. Lines are
// ordered by key, so merging is associative and commutative, and merging twice changes nothing. If two
// hold different scores for one key the error is ErrConflict, and to is left as it was.
func MergeJournals(to string, from ...string) error {
	findings := map[string]finding{}
	lines := map[string]line{}
	for _, path := range from {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("unravel: merge journals: %w", err)
		}
		_, err = read(f, func(l line) error {
			lines[l.Key] = l
			return insert(findings, l)
		})
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("unravel: merge journal %s: %w", path, err)
		}
	}
	var text bytes.Buffer
	for _, l := range slices.SortedFunc(maps.Values(lines), func(a, b line) int { return cmp.Compare(a.Key, b.Key) }) {
		one, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("unravel: merge journals: %w", err)
		}
		text.Write(append(one, '\n'))
	}
	return replace(to, text.Bytes())
}

// replace writes a file so that a reader sees either the old content or the new one.
func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".journal-*")
	if err != nil {
		return fmt.Errorf("unravel: merge journals: %w", err)
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("unravel: merge journals: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// keys makes the keys of one batch.
type keys struct{ prefix [sha256.Size]byte }

// allKeys returns the keys of every batch, or nil if there is no journal.
func (s *Study) allKeys() []keys {
	if s.Journal == nil || s.keys != nil {
		return s.keys
	}
	var ks []keys
	for b := range s.Batches {
		ks = append(ks, s.keysOf(b))
	}
	return ks
}

// keysOf returns the keys of a batch of s. The batch's position is part of them, since the random
// numbers of a plan depend on it.
func (s *Study) keysOf(batch int) keys {
	h := sha256.New()
	fmt.Fprintf(h, "%q %d %d ", s.Journal.identity, s.Seed, batch)
	digest(h, s.Batches[batch])
	for _, b := range s.Reference {
		digest(h, b)
	}
	var k keys
	h.Sum(k.prefix[:0])
	return k
}

// of returns the key of a plan or patch, given as text.
func (k keys) of(what string) string {
	h := sha256.New()
	h.Write(k.prefix[:])
	io.WriteString(h, what)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// digest writes the content of a batch. It needs no error: a hash accepts everything.
func digest(h io.Writer, b Batch) {
	fmt.Fprintf(h, "%v %v ", b.X.Shape(), b.Labels)
	digestValues(h, b.X)
}

// digestValues writes the elements of t, little-endian.
func digestValues(h io.Writer, t *tensor.Tensor) {
	buffer := make([]byte, 0, 4096)
	for chunk := range slices.Chunk(t.Data(), 1024) {
		buffer = buffer[:0]
		for _, v := range chunk {
			buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
		}
		h.Write(buffer)
	}
}
